"""Every request speaks its reader's language, refusals included. (L10N-01)

Outside, before anybody is known, the address, the cookie and the browser decide; once the account is known, it does.
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.http.requests import language_of
from adapters.languages import speak, speaking


class VisitorLanguage:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
        found = language_of(connection)
        with speaking(found.lang, found.numerals):
            await self._app(scope, receive, send)


class AccountLanguage(ASGIMiddleware):
    """Stands behind the one that finds out who is asking."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope.get("auth") is not None:
            connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
            speak(language_of(connection))
        await next_app(scope, receive, send)
