"""Browsers and installed pages that show messages. (NOTI-03)"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post
from litestar.params import FromPath, JSONBody

from adapters.http.given import NamedDependency
from adapters.http.requests import Req, config_of
from application.notification.push import AddBrowser, AddBrowserCommand, ListBrowsers, RemoveBrowser
from domain.identity.permission import Permission
from domain.ids import BrowserId
from domain.notification.push import LONGEST, Browser


class BrowserKeysIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    p256dh: Annotated[str, msgspec.Meta(max_length=120)]
    auth: Annotated[str, msgspec.Meta(max_length=40)]


class BrowserIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """As ``PushSubscription.toJSON()`` gives it, and a name by which its owner knows it again."""

    endpoint: Annotated[str, msgspec.Meta(max_length=LONGEST, examples=["https://fcm.googleapis.com/fcm/send/abc"])]
    keys: BrowserKeysIn
    label: Annotated[str, msgspec.Meta(max_length=60)] = ""


class BrowserOut(msgspec.Struct, kw_only=True):
    id: UUID
    label: str
    created_at: datetime

    @classmethod
    def of(cls, browser: Browser) -> "BrowserOut":
        return cls(id=browser.id, label=browser.label, created_at=browser.created_at)


class BrowsersOut(msgspec.Struct, kw_only=True):
    """``public_key``: the ``applicationServerKey`` to subscribe with; null where the school sends none."""

    public_key: str | None
    browsers: list[BrowserOut]


class MyBrowsersController(Controller):
    path = "/api/v1/my/browsers"
    tags = ("messages",)

    @get("/", needs=Permission.SIGNED_IN, summary="Which of my browsers show messages")
    async def browsers(self, request: Req, list_browsers: NamedDependency[ListBrowsers]) -> BrowsersOut:
        found = await list_browsers(request.user)
        return BrowsersOut(
            public_key=config_of(request).push_key or None, browsers=[BrowserOut.of(browser) for browser in found]
        )

    @post("/", needs=Permission.SIGNED_IN, summary="Show messages in this browser")
    async def add(
        self, request: Req, data: JSONBody[BrowserIn], add_browser: NamedDependency[AddBrowser]
    ) -> BrowserOut:
        """The same browser again changes nothing but its keys."""
        command = AddBrowserCommand(
            endpoint=data.endpoint, p256dh=data.keys.p256dh, auth=data.keys.auth, label=data.label
        )
        return BrowserOut.of(await add_browser(request.user, command))

    @delete("/{browser_id:uuid}", needs=Permission.SIGNED_IN, status_code=204, summary="No more messages there")
    async def remove(
        self, request: Req, browser_id: FromPath[UUID], remove_browser: NamedDependency[RemoveBrowser]
    ) -> None:
        await remove_browser(request.user, BrowserId(browser_id))


CONTROLLERS_MAIN = (MyBrowsersController,)
