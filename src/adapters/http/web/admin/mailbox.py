"""What the school has sent, kept in the local mailbox."""

from typing import Any, Final

from litestar import Controller, Response, get
from litestar.params import FromPath, FromQuery

from adapters.http.given import NamedDependency
from adapters.http.observe import content_security_policy
from adapters.http.requests import Req, config_of
from adapters.http.templating import page
from adapters.http.web.forms import next_page
from application.notification.mailbox import ListMailbox, ReadMail
from domain.errors import NotFound
from domain.identity.permission import Permission

ALONE: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox",
    "x-frame-options": "SAMEORIGIN",
}
"""A message's own HTML is shown in a frame that can do nothing: no script, no form, no address but its own."""


class AdminMailboxController(Controller):
    path = "/mailbox"
    include_in_schema = False

    @get("/", needs=Permission.SEE_MAILBOX)
    async def newest(
        self,
        request: Req,
        list_mailbox: NamedDependency[ListMailbox],
        to: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        found = await list_mailbox(request.user, to_address=to.strip(), cursor=cursor)
        return page(
            request,
            "admin/mailbox.html",
            mails=found.items,
            to=to,
            next=next_page("/mailbox", found.next_cursor, to=to),
            first="/mailbox" if cursor else None,
        )

    @get("/{mail_id:str}", needs=Permission.SEE_MAILBOX)
    async def read(self, request: Req, mail_id: FromPath[str], read_mail: NamedDependency[ReadMail]) -> Response[Any]:
        answer = page(request, "admin/mail.html", mail=await read_mail(request.user, mail_id))
        answer.headers["content-security-policy"] = content_security_policy(config_of(request), frames="'self'")
        return answer

    @get("/{mail_id:str}/html", needs=Permission.SEE_MAILBOX)
    async def html(self, request: Req, mail_id: FromPath[str], read_mail: NamedDependency[ReadMail]) -> Response[str]:
        mail = await read_mail(request.user, mail_id)
        return Response(mail.html, media_type="text/html; charset=utf-8", headers=ALONE)

    @get("/{mail_id:str}/attachments/{number:int}", needs=Permission.SEE_MAILBOX)
    async def attachment(
        self, request: Req, mail_id: FromPath[str], number: FromPath[int], read_mail: NamedDependency[ReadMail]
    ) -> Response[bytes]:
        mail = await read_mail(request.user, mail_id)
        if not 0 <= number < len(mail.attachments):
            raise NotFound("there is no such attachment")
        part = mail.attachments[number]
        name = "".join(sign for sign in part.name if sign.isalnum() or sign in "._-") or "attachment"
        return Response(
            part.body,
            media_type="application/octet-stream",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )
