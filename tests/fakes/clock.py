"""A clock that stands still until it is told to move."""

from datetime import UTC, datetime, timedelta
from typing import Final

# A Wednesday, away from every DST change.
NOON: Final = datetime(2026, 7, 15, 12, tzinfo=UTC)


class FixedClock:
    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(
        self, step: timedelta = timedelta(), *, days: float = 0, hours: float = 0, minutes: float = 0
    ) -> datetime:
        """``advance(minutes=5)`` or ``advance(timedelta(…))``; answers the new time."""
        self._now += step + timedelta(days=days, hours=hours, minutes=minutes)
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now
