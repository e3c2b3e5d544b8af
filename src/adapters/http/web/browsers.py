"""Messages on this device: the browser is asked by a script, the rest are forms. (NOTI-03)"""

from typing import Any, Final
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from adapters.http.assets import content
from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.text import _
from adapters.http.web.forms import fields_of
from application.notification.push import AddBrowser, AddBrowserCommand, RemoveBrowser
from domain.errors import Invalid
from domain.identity.permission import Permission
from domain.ids import BrowserId

BACK: Final = "/account/messages"


class BrowserPagesController(Controller):
    path = "/account/messages/browsers"
    include_in_schema = False

    @post("/", needs=Permission.SIGNED_IN, status_code=303)
    async def add(self, request: Req, add_browser: NamedDependency[AddBrowser]) -> Response[Any]:
        form = await fields_of(request)
        command = AddBrowserCommand(
            endpoint=form.get("endpoint", ""),
            p256dh=form.get("p256dh", ""),
            auth=form.get("auth", ""),
            label=form.get("label", ""),
        )
        try:
            await add_browser(request.user, command)
        except Invalid as error:
            return redirect(request, BACK, _(error.message), kind="problem")
        return redirect(request, BACK, _("Done. This device shows reminders and changes of your lessons."))

    @post("/{browser_id:uuid}/remove", needs=Permission.SIGNED_IN, status_code=303)
    async def remove(
        self, request: Req, browser_id: FromPath[UUID], remove_browser: NamedDependency[RemoveBrowser]
    ) -> Response[Any]:
        await remove_browser(request.user, BrowserId(browser_id))
        return redirect(request, BACK, _("That device shows no more messages."))


@get(
    "/sw.js", needs=Permission.NOTHING, anonymous=True, include_in_schema=False, sync_to_thread=False,
    media_type="text/javascript",
)  # fmt: skip
def service_worker() -> Response[bytes]:
    """At the root, for a worker answers for pages below its own address. Asked for anew each time."""
    return Response(content("js/sw.js") or b"", media_type="text/javascript", headers={"cache-control": "no-cache"})


CONTROLLERS_MAIN = (BrowserPagesController, service_worker)
