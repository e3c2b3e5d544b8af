"""Every request speaks its reader's language, refusals included. (L10N-01)

Outside, before anybody is known, the address, the cookie and the browser decide; once the account is known, it does.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.http.requests import LANGUAGE_COOKIE, Connection, asked_language, config_of, language_of
from adapters.languages import LANGUAGES, speak, speaking

YEAR_S: Final = 365 * 24 * 3600
NUMERALS_OF: Final[Mapping[str, tuple[str, ...]]] = {"ar": ("latn", "arab"), "ur": ("latn", "arabext")}
"""What a reader of that language may choose between."""


def preference(request: Connection, name: str, value: str, choices: Collection[str]) -> Cookie:
    """Kept for a year; anything that is not a choice takes it away."""
    chosen = value if value in choices else ""
    return Cookie(
        key=name,
        value=chosen,
        path="/",
        max_age=YEAR_S if chosen else 0,
        secure=config_of(request).secure,
        samesite="lax",
    )


def remembered_language(request: Connection) -> Cookie | None:
    """Whoever came through an address with a language stays in it on the next page."""
    asked = asked_language(request)
    return preference(request, LANGUAGE_COOKIE, asked, LANGUAGES) if asked is not None else None


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
