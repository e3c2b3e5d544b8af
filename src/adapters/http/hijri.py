"""Hijri dates as people read them, by the academy's moon. (L10N-02)"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar, Token
from datetime import date, datetime
from typing import Final, TypeAlias

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.http.terms import in_force
from adapters.http.text import _, digits
from adapters.languages.hijri import DATE, MONTHS
from domain.hijri import Reckoning, hijri_of
from domain.terminology import Terminology
from domain.time import zone_of

Reckonings = Callable[[], Awaitable[Reckoning]]
Terminologies = Callable[[], Awaitable[Terminology]]
_BARE: Final = ("/api/", "/static/", "/health/", "/brand/", "/metrics", "/webhooks/")
_offset: Final[ContextVar[int]] = ContextVar("hijri_offset", default=0)
Before: TypeAlias = tuple[Token[int], Token[Terminology]]
log = structlog.get_logger("http")


class Reckoned:
    """Every page goes by the moon and the terms of the academy at hand. Without a database it goes by the calendar, and
    by the terms the product comes with.
    """

    def __init__(self, app: ASGIApp, reckonings: Reckonings, terminologies: Terminologies | None = None) -> None:
        self._app, self._reckonings, self._terminologies = app, reckonings, terminologies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        before = await self.enter(scope)
        try:
            await self._app(scope, receive, send)
        finally:
            self.leave(before)

    async def enter(self, scope: Scope) -> Before | None:
        """What ``leave`` wants to have. None where nothing has to be undone."""
        if scope["path"].startswith(_BARE):
            return None
        offset, terms = 0, Terminology()
        try:
            offset = (await self._reckonings()).hijri_offset_days
            terms = await self._terminologies() if self._terminologies is not None else terms
        except Exception as error:  # noqa: BLE001 - whatever it is, a page is worth more than its moon
            log.warning("no reckoning", error=type(error).__name__)
        return _offset.set(offset), in_force.set(terms)

    @staticmethod
    def leave(before: Before | None) -> None:
        if before is not None:
            _offset.reset(before[0])
            in_force.reset(before[1])


def manner() -> tuple[int, Terminology]:
    """What pages of the academy at hand go by, beside their values: its moon and its terms."""
    return _offset.get(), in_force.get()


def hijri_text(moment: datetime | date, zone: str = "UTC", year: bool = True) -> str:
    """``14 Ramadan 1447 AH`` on the reader's wall; empty where the calendar ends."""
    day = moment.astimezone(zone_of(zone)).date() if isinstance(moment, datetime) else moment
    found = hijri_of(day, _offset.get())
    if found is None:
        return ""
    month = _(MONTHS[found.month - 1])
    if not year:
        return f"{digits(str(found.day))} {month}"
    return _(DATE, day=found.day, month=month, year=digits(str(found.year)))
