"""Seven days as somebody sees them on his wall."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from domain.time import zone_of


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """``[start, end)`` in UTC, from the midnight that begins ``first`` in ``zone``."""

    first: date
    today: date
    zone: ZoneInfo
    start: datetime
    end: datetime

    @property
    def dates(self) -> list[date]:
        return [self.first + timedelta(days) for days in range(7)]

    def filled(self, by_date: Mapping[date, Sequence[Any]]) -> list[dict[str, Any]]:
        """Every day of the week with what belongs to it, the empty ones too."""
        return [{"date": day, "slots": list(by_date.get(day, ()))} for day in self.dates]


def week_of(first: date | None, zone: str, now: datetime) -> Week:
    """The seven days from ``first``, or from today. A week that lies wholly behind us is today's."""
    known = zone_of(zone)
    today = now.astimezone(known).date()
    if first is None or first < today or first > today + timedelta(days=370):
        first = today
    return week_from(first, zone, now)


def week_from(first: date, zone: str, now: datetime) -> Week:
    """The seven days from ``first``, wherever they lie."""
    known = zone_of(zone)
    start, end = (
        datetime.combine(day, time(), tzinfo=known).astimezone(UTC) for day in (first, first + timedelta(days=7))
    )
    return Week(first=first, today=now.astimezone(known).date(), zone=known, start=start, end=end)
