"""Anybody looks for a Qari. (DISC-01)"""

from datetime import timedelta
from typing import Final

from domain.errors import Invalid
from domain.time import TimeSlot
from ports.clock import Clock
from ports.paging import MAX_LIMIT, Page
from ports.scheduling.queries import QariCard, QariDirectory, QariFilters

SEARCHED: Final = timedelta(days=14)
"""The next free slot is looked for from now until then."""


class SearchQaris:
    """Raises Invalid, BadCursor."""

    def __init__(self, directory: QariDirectory, clock: Clock) -> None:
        self._directory, self._clock = directory, clock

    async def __call__(self, filters: QariFilters, cursor: str | None = None) -> Page[QariCard]:
        if not 1 <= filters.limit <= MAX_LIMIT:
            raise Invalid("a page holds 1 to {most} Qaris", most=MAX_LIMIT, field="limit")
        now = self._clock.now()
        return await self._directory.search(filters, TimeSlot(now, now + SEARCHED), now=now, cursor=cursor)
