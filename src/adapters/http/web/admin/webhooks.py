"""What the providers have told us, what came of it, and trying again what failed. (PAYM-05)"""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import address, next_page
from application.billing.replay_webhook import ReplayWebhook
from application.billing.see_money import CountWebhooks, ListWebhooks, SeeWebhook
from domain.billing.webhook_event import WebhookStatus
from domain.errors import DomainError
from domain.identity.permission import Permission
from domain.ids import WebhookId


class AdminWebhooksController(Controller):
    path = "/webhooks"
    include_in_schema = False

    @get("/", needs=Permission.SEE_WEBHOOKS)
    async def inbox(
        self,
        request: Req,
        list_webhooks: NamedDependency[ListWebhooks],
        count_webhooks: NamedDependency[CountWebhooks],
        status: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        wanted = WebhookStatus(status) if status in list(WebhookStatus) else None
        found = await list_webhooks(request.user, status=wanted, cursor=cursor)
        counts = await count_webhooks(request.user)
        return page(
            request,
            "admin/webhooks.html",
            webhooks=found.items,
            status=wanted.value if wanted is not None else "",
            counts={each.value: counts.get(each, 0) for each in WebhookStatus},
            next=next_page("/webhooks", found.next_cursor, status=wanted),
            first=address("/webhooks", status=wanted) if cursor else None,
        )

    @get("/{webhook_id:uuid}", needs=Permission.SEE_WEBHOOKS)
    async def webhook(
        self, request: Req, webhook_id: FromPath[UUID], see_webhook: NamedDependency[SeeWebhook]
    ) -> Response[Any]:
        detail = await see_webhook(request.user, WebhookId(webhook_id))
        return page(request, "admin/webhook.html", webhook=detail.webhook, raw=detail.raw)

    @post("/{webhook_id:uuid}/replay", needs=Permission.REPLAY_WEBHOOKS, status_code=303)
    async def replay(
        self, request: Req, webhook_id: FromPath[UUID], replay_webhook: NamedDependency[ReplayWebhook]
    ) -> Response[Any]:
        try:
            await replay_webhook(request.user, WebhookId(webhook_id))
        except DomainError as error:
            return redirect(request, f"/webhooks/{webhook_id}", error.message, "problem")
        return redirect(request, f"/webhooks/{webhook_id}", _("It is worked on again, with all its tries."))
