"""Dates of the Umm al-Qura calendar beside the Gregorian ones. (L10N-02)

The calendar is reckoned ahead (package ``hijridate``: 1343 to 1500 AH); a country that goes by the sighted moon may be
up to two days off, so an academy shifts all its dates by ``hijri_offset_days``.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import msgspec
from hijridate import Gregorian, Hijri

from domain.errors import Invalid

RECKONING: Final = "reckoning"
"""The kind under which its versions are stored."""
FIRST: Final = date(1924, 8, 1)
LAST: Final = date(2077, 11, 16)
FURTHEST: Final = 2


class Reckoning(msgspec.Struct, frozen=True, kw_only=True):
    """``hijri_offset_days``: 1 where the month begins a day after the Umm al-Qura calendar's."""

    hijri_offset_days: int = 0

    def __post_init__(self) -> None:
        if not -FURTHEST <= self.hijri_offset_days <= FURTHEST:
            raise Invalid("the moon is at most two days early or late", field="hijri_offset_days")


class HijriDate(msgspec.Struct, frozen=True, order=True):
    year: int
    month: int
    day: int


@lru_cache(maxsize=4096)
def hijri_of(day: date, offset_days: int = 0) -> HijriDate | None:
    """None before 1 Muharram 1343 and after 30 Dhu al-Hijja 1500: nobody has reckoned those."""
    reckoned = day - timedelta(days=offset_days)
    if not FIRST <= reckoned <= LAST:
        return None
    found = Gregorian(reckoned.year, reckoned.month, reckoned.day).to_hijri()
    return HijriDate(found.year, found.month, found.day)


def gregorian_of(hijri: HijriDate, offset_days: int = 0) -> date:
    """Raises Invalid for a day that the calendar does not have."""
    try:
        found = Hijri(hijri.year, hijri.month, hijri.day).to_gregorian()
    except (ValueError, OverflowError) as error:
        raise Invalid("the calendar has no such day", field="hijri") from error
    return date(found.year, found.month, found.day) + timedelta(days=offset_days)
