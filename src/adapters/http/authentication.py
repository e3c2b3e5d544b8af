"""Who is asking: a Bearer token, or the session cookie. Routes marked ``anonymous`` are not even looked at.

A browser has two cookies, one for each token of the pair. When the first is no longer good the second is turned into a
new pair on the way, and the answer carries the new cookies: pages never notice. (ID-04, ID-05)
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Protocol

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from adapters.http.config import HttpConfig
from application.identity.open_session import Admitted
from domain.errors import NotSignedIn
from domain.identity.session import GRACE, LONGEST
from ports.identity.queries import SignedIn

Authenticator = Callable[[str], Awaitable[SignedIn | None]]
"""``application.identity.authenticate.Authenticate``: token -> who. Raises WrongDoor."""


class Refresher(Protocol):
    """``application.identity.refresh.Refresh``. Raises NotSignedIn, WrongDoor."""

    async def __call__(self, refresh_token: str, *, grace: timedelta = ...) -> Admitted: ...


class Authentication(ASGIMiddleware):
    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(self, config: HttpConfig, authenticator: Authenticator, refresher: Refresher | None = None) -> None:
        self._config, self._authenticator, self._refresher = config, authenticator, refresher

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope["user"], scope["auth"] = None, None
        cookies: list[Cookie] = []
        if not scope["route_handler"].opt.get("anonymous"):
            cookies = await self.look(scope)
        await next_app(scope, receive, _with_cookies(send, cookies) if cookies else send)

    async def look(self, scope: Scope) -> list[Cookie]:
        """Writes down who is asking. The cookies that the answer has to carry. Raises WrongDoor."""
        connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
        if bearer := _bearer(connection.headers):
            self._know(scope, await self._authenticator(bearer), "bearer")
            return []
        token = connection.cookies.get(self._config.session_cookie, "")
        refresh = connection.cookies.get(self._config.refresh_cookie, "")
        if token and self._know(scope, await self._authenticator(token), "cookie"):
            return []
        if refresh and self._refresher is not None:
            try:
                admitted = await self._refresher(refresh, grace=GRACE)
            except NotSignedIn:
                return expired_session(self._config)
            if self._know(scope, await self._authenticator(admitted.token), "cookie"):
                return session_cookies(self._config, admitted)
        return []

    @staticmethod
    def _know(scope: Scope, person: SignedIn | None, by: str) -> bool:
        if person is None:
            return False
        scope["auth"], scope["user"] = person, person.actor()
        scope["state"]["auth_by"] = by
        return True


def _with_cookies(send: Send, cookies: list[Cookie]) -> Send:
    """What the handler itself says about a cookie goes first: signing in or out during a rotation."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            said = {value.partition("=")[0].strip() for value in headers.getall("set-cookie", [])}
            for cookie in cookies:
                if cookie.key not in said:
                    headers.add("set-cookie", cookie.to_header(header=""))
        await send(message)

    return sent


def _bearer(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def session_cookies(config: HttpConfig, admitted: Admitted) -> list[Cookie]:
    """Both live as long as the browser may stay away: which of them is still good is ours to say."""
    age = int(LONGEST[config.audience].total_seconds())
    pair = [(config.session_cookie, admitted.token)]
    pair.append((config.refresh_cookie, admitted.refresh_token or ""))
    return [
        Cookie(
            key=name,
            value=value,
            path="/",
            max_age=age if value else 0,
            secure=config.secure,
            httponly=True,
            samesite="lax",
        )
        for name, value in pair
    ]


def expired_session(config: HttpConfig) -> list[Cookie]:
    return [expired_cookie(config, name) for name in (config.session_cookie, config.refresh_cookie)]


def expired_cookie(config: HttpConfig, name: str) -> Cookie:
    return Cookie(
        key=name, value="", path="/", max_age=0, expires=0, secure=config.secure, httponly=True, samesite="lax"
    )
