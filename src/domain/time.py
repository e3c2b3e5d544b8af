"""Instants are aware UTC datetimes; intervals are half-open, ``[start, end)``; zones are IANA names."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from domain.errors import Invalid


class UnknownZone(Invalid):
    code = "unknown_zone"


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Raises UnknownZone. ``Asia/Karachi`` is a zone; ``+05:00`` and ``PKT`` are not."""
    if name not in _zone_names():
        raise UnknownZone("“{name}” is not an IANA time zone such as Asia/Karachi", name=name, field="zone")
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


def instant(day: date, wall: time, zone: str) -> datetime:
    """The instant at which the clocks of ``zone`` show ``wall`` on ``day``.

    A skipped wall time moves forward by the gap; of a repeated one the first is taken.
    """
    return datetime.combine(day, wall, tzinfo=zone_of(zone)).astimezone(UTC)


def require_utc(value: datetime, field: str) -> datetime:
    """Raises Invalid for a naive datetime; converts other zones to UTC."""
    if value.tzinfo is None:
        raise Invalid("{field} needs a time zone, for example 2026-03-03T17:00:00Z", field=field)
    return value.astimezone(UTC)


class TimeSlot(msgspec.Struct, frozen=True, order=True):
    """A stretch of time, ``[start, end)``, in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise Invalid("a slot needs instants with a time zone", field="start")
        if self.start >= self.end:
            raise Invalid("a slot ends after it starts", field="end")

    @classmethod
    def lasting(cls, start: datetime, minutes: int) -> "TimeSlot":
        return cls(start, start + timedelta(minutes=minutes))

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds() // 60)

    def overlaps(self, other: "TimeSlot") -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def padded(self, before_min: int, after_min: int) -> "TimeSlot":
        return TimeSlot(self.start - timedelta(minutes=before_min), self.end + timedelta(minutes=after_min))
