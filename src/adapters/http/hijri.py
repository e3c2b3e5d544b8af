"""Hijri dates as people read them, by the academy's moon. (L10N-02)"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import date, datetime
from typing import Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.http.text import _, digits
from adapters.languages.hijri import DATE, MONTHS
from domain.hijri import Reckoning, hijri_of
from domain.time import zone_of

Reckonings = Callable[[], Awaitable[Reckoning]]
_BARE: Final = ("/api/", "/static/", "/health/", "/brand/", "/metrics", "/webhooks/")
_offset: Final[ContextVar[int]] = ContextVar("hijri_offset", default=0)
log = structlog.get_logger("http")


class Reckoned:
    """Every page goes by the moon of the academy at hand. Without a database it goes by the calendar."""

    def __init__(self, app: ASGIApp, reckonings: Reckonings) -> None:
        self._app, self._reckonings = app, reckonings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["path"].startswith(_BARE):
            await self._app(scope, receive, send)
            return
        offset = 0
        try:
            offset = (await self._reckonings()).hijri_offset_days
        except Exception as error:  # noqa: BLE001 - whatever it is, a page is worth more than its moon
            log.warning("no reckoning", error=type(error).__name__)
        token = _offset.set(offset)
        try:
            await self._app(scope, receive, send)
        finally:
            _offset.reset(token)


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
