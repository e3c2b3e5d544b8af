"""Who is asking: a Bearer token, or the session cookie. Routes marked ``anonymous`` are not even looked at."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, Headers
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.http.config import HttpConfig
from domain.identity.actor import Actor
from domain.identity.session import LIFETIMES
from ports.identity.queries import SignedIn

Authenticator = Callable[[str], Awaitable[SignedIn | None]]
"""``application.identity.authenticate.Authenticate``: token -> who. Raises WrongDoor."""


class Authentication(ASGIMiddleware):
    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(self, config: HttpConfig, authenticator: Authenticator) -> None:
        self._config, self._authenticator = config, authenticator

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope["user"], scope["auth"] = None, None
        if not scope["route_handler"].opt.get("anonymous"):
            await self._look(scope)
        await next_app(scope, receive, send)

    async def _look(self, scope: Scope) -> None:
        connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
        token, by = _bearer(connection.headers), "bearer"
        if not token:
            token, by = connection.cookies.get(self._config.session_cookie, ""), "cookie"
        if not token:
            return
        person = await self._authenticator(token)
        if person is not None:
            scope["auth"] = person
            scope["user"] = Actor(user_id=person.user_id, role=person.role, audience=person.audience)
            scope["state"]["auth_by"] = by


def _bearer(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def session_cookie(config: HttpConfig, token: str) -> Cookie:
    return Cookie(
        key=config.session_cookie,
        value=token,
        path="/",
        max_age=int(LIFETIMES[config.audience].total_seconds()),
        secure=config.secure,
        httponly=True,
        samesite="lax",
    )


def expired_cookie(config: HttpConfig, name: str) -> Cookie:
    return Cookie(
        key=name, value="", path="/", max_age=0, expires=0, secure=config.secure, httponly=True, samesite="lax"
    )
