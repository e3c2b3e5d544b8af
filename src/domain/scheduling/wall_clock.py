"""The wall clock of a zone over whole minutes since 1970 (UTC), fast enough to ask thousands of times.

``datetime`` arithmetic with a zone costs a microsecond a step; the slot engine makes thousands. Here a day's offset is
looked up once and kept, and the rest is integers. Offsets are whole minutes in every zone since 1972.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from domain.time import zone_of

DAY: Final = 24 * 60
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


def floor_minute(moment: datetime) -> int:
    return int(moment.timestamp() // 60)


def ceil_minute(moment: datetime) -> int:
    return int(-(-moment.timestamp() // 60))


def moment_of(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_ORDINAL


def date_of(day: int) -> date:
    return date.fromordinal(day + _EPOCH_ORDINAL)


def weekday_of(day: int) -> int:
    """0 is Monday; 1970-01-01 was a Thursday."""
    return (day + 3) % 7


def week_of(day: int) -> int:
    """One number for each ISO week, from Monday."""
    return (day + 3) // 7


class WallClock:
    """Wall times are minutes since 1970-01-01 00:00 as the clock on the wall shows them."""

    def __init__(self, zone: str) -> None:
        self._zone = zone_of(zone)
        self._days: dict[int, tuple[int, int, int]] = {}
        self._steady: dict[int, int | None] = {}

    def _offset(self, minute: int) -> int:
        shift = datetime.fromtimestamp(minute * 60, self._zone).utcoffset() or timedelta()
        return int(shift.total_seconds() // 60)

    def _day(self, day: int) -> tuple[int, int, int]:
        """Of a UTC day: its offset, the minute of the change (the day's end if none), the offset from then on."""
        known = self._days.get(day)
        if known is None:
            low, high = day * DAY, (day + 1) * DAY
            first, last = self._offset(low), self._offset(high - 1)
            if first != last:
                while low + 1 < high:
                    middle = (low + high) // 2
                    low, high = (middle, high) if self._offset(middle) == first else (low, middle)
            known = self._days[day] = (first, high, last)
        return known

    def segment(self, minute: int) -> tuple[int, int]:
        """The offset at that minute, and until when we know it to last (a day at most)."""
        day = minute // DAY
        first, change, last = self._day(day)
        return (first, change) if minute < change else (last, (day + 1) * DAY)

    def offset(self, minute: int) -> int:
        return self.segment(minute)[0]

    def local_day(self, minute: int) -> int:
        return (minute + self.offset(minute)) // DAY

    def first_showing(self, wall: int) -> int:
        """The first minute at which the clock shows that wall time or a later one.

        So a time that the clock skips is the moment of the jump, and of a time shown twice it is the first. Ranges
        that touch on the wall touch in time too, whatever the clock does.
        """
        day = wall // DAY
        try:
            steady = self._steady[day]
        except KeyError:
            steady = self._steady[day] = self._steady_offset(day)
        return wall - steady if steady is not None else self._search(wall)

    def _steady_offset(self, day: int) -> int | None:
        """The one offset of a wall day and all around it, None when it changes there."""
        offsets = {offset for near in (day - 1, day, day + 1) for offset in self._day(near)[::2]}
        return offsets.pop() if len(offsets) == 1 else None

    def _search(self, wall: int) -> int:
        minute = (wall // DAY - 2) * DAY
        while True:
            offset, until = self.segment(minute)
            found = max(minute, wall - offset)
            if found < until:
                return found
            minute = until


@lru_cache(maxsize=1024)
def wall_clock(zone: str) -> WallClock:
    """Raises UnknownZone."""
    return WallClock(zone)
