"""How much news waits for whoever looks at a page: the number beside the link to it. (NOTI-14)"""

from collections.abc import Awaitable, Callable

import structlog
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.http.requests import Connection
from domain.ids import UserId
from ports.identity.queries import SignedIn

CountNews = Callable[[UserId], Awaitable[int]]
"""``NotificationQueries.unread_notes``."""
_BARE = ("/api/", "/static/", "/health/", "/brand/", "/metrics", "/webhooks/", "/feeds/")
log = structlog.get_logger("http")


class Unread(ASGIMiddleware):
    """Stands behind the one that finds out who is asking, and counts for pages only: not for forms, which lead to one.
    A page without the number is better than none.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, count: CountNews) -> None:
        self._count = count

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        await self.look(scope)
        await next_app(scope, receive, send)

    async def look(self, scope: Scope) -> None:
        person = scope.get("auth")
        if isinstance(person, SignedIn) and scope.get("method") == "GET" and not scope["path"].startswith(_BARE):
            try:
                scope["state"]["unread"] = await self._count(person.user_id)
            except Exception as error:  # noqa: BLE001 - whatever it is, the page does not depend on it
                log.warning("news not counted", error=type(error).__name__)


def unread_of(request: Connection) -> int:
    return int(request.scope.get("state", {}).get("unread", 0))
