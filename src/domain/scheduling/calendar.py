"""When a Qari teaches: weekly hours as his wall clock shows them, exceptions by date, time off, and limits.

Wall times are minutes from midnight, never instants: 17:00 stays 17:00 when the clocks change. (DISC-02, DISC-04)
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Final
from uuid import UUID

import msgspec

from domain.errors import Invalid
from domain.ids import UserId
from domain.time import TimeSlot, zone_of

DAY_MIN: Final = 24 * 60
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
STEPS_MIN: Final = (5, 10, 15, 20, 30, 60)
_CLOCK: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")


class BadRange(Invalid):
    code = "bad_time_range"


class OverlappingRanges(Invalid):
    code = "overlapping_ranges"


class BadLimit(Invalid):
    code = "bad_limit"


def wall_minutes(text: str, field: str = "time") -> int:
    """``"17:30"`` is 1050; ``"24:00"`` is the end of the day. Raises BadRange."""
    match = _CLOCK.fullmatch(text)
    minutes = int(match[1]) * 60 + int(match[2]) if match else -1
    if not 0 <= minutes <= DAY_MIN:
        raise BadRange("“{text}” is not a time of day such as 17:30", text=text, field=field)
    return minutes


def wall_text(minutes: int) -> str:
    """``"17:30"``; past midnight the clock starts again, the end of the day itself is ``"24:00"``."""
    shown = minutes if minutes == DAY_MIN else minutes % DAY_MIN
    return f"{shown // 60:02}:{shown % 60:02}"


class WallRange(msgspec.Struct, frozen=True, order=True):
    """``[start_min, end_min)`` from the midnight that begins the day. An end beyond 1440 lies on the next day."""

    start_min: int
    end_min: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_min < DAY_MIN:
            raise BadRange("a range starts on its own day", field="start")
        if self.end_min == self.start_min:
            raise BadRange("the range at {start} has no length", start=wall_text(self.start_min), field="end")
        if self.end_min < self.start_min:
            raise BadRange("a range ends after it starts", field="end")
        if self.end_min - self.start_min >= DAY_MIN and (self.start_min, self.end_min) != (0, DAY_MIN):
            raise BadRange("a range lasts less than 24 hours; the whole day is 00:00 to 24:00", field="end")

    @classmethod
    def of(cls, start: str, end: str) -> "WallRange":
        """From ``"22:00"`` and ``"02:00"``: an end before the start is on the next day. Raises BadRange."""
        first, last = wall_minutes(start, "start"), wall_minutes(end, "end")
        return cls(first, last if last >= first else last + DAY_MIN)

    @property
    def texts(self) -> tuple[str, str]:
        return wall_text(self.start_min), wall_text(self.end_min)

    def __str__(self) -> str:
        return "-".join(self.texts)


class WeeklyRule(msgspec.Struct, frozen=True, order=True):
    """Every week on ``weekday`` (0 is Monday)."""

    weekday: int
    hours: WallRange

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise BadRange("a weekday is 0 (Monday) to 6 (Sunday)", field="weekday")


class TimeOff(msgspec.Struct, frozen=True, kw_only=True):
    """No lessons in that time, whatever the rules say."""

    id: UUID
    slot: TimeSlot
    note: str = ""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Notice and horizon count from now to a lesson's start, both ends included. Caps count lessons that start on one
    day, or in one ISO week (from Monday), of the Qari's own calendar; None is no cap. Lessons start where the wall
    clock shows a multiple of ``step_min``.
    """

    buffer_before_min: int = 0
    buffer_after_min: int = 0
    min_notice_min: int = 120
    horizon_days: int = 60
    daily_cap: int | None = None
    weekly_cap: int | None = None
    step_min: int = 30

    def __post_init__(self) -> None:
        _within("buffer_before_min", self.buffer_before_min, 0, 240)
        _within("buffer_after_min", self.buffer_after_min, 0, 240)
        _within("min_notice_min", self.min_notice_min, 0, 30 * DAY_MIN)
        _within("horizon_days", self.horizon_days, 1, 366)
        _within("daily_cap", self.daily_cap, 1, 96)
        _within("weekly_cap", self.weekly_cap, 1, 500)
        if self.step_min not in STEPS_MIN:
            raise BadLimit(
                "lessons start every {steps} minutes", steps=", ".join(map(str, STEPS_MIN)), field="step_min"
            )


def _within(field: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise BadLimit("{field} is between {low} and {high}", field=field, low=low, high=high)


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """``overrides``: date → the hours of that date, none of them meaning closed. On such a date nothing else holds:
    neither its weekly rules nor what reaches into it over midnight from the day before.
    """

    qari_id: UserId
    zone: str
    rules: tuple[WeeklyRule, ...] = ()
    overrides: Mapping[date, tuple[WallRange, ...]] = {}
    time_off: tuple[TimeOff, ...] = ()
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        zone_of(self.zone)

    def with_rules(self, rules: Iterable[WeeklyRule]) -> "Calendar":
        """Raises OverlappingRanges, also across midnight and from Sunday into Monday. Touching ranges are welcome."""
        ordered = tuple(sorted(rules))
        starts = [(rule.weekday * DAY_MIN + rule.hours.start_min, rule) for rule in ordered]
        if starts:
            starts.append((starts[0][0] + 7 * DAY_MIN, starts[0][1]))
        for (at, rule), (following_at, following) in pairwise(starts):
            if at + rule.hours.end_min - rule.hours.start_min > following_at:
                raise OverlappingRanges(
                    "{one} and {other} overlap",
                    one=_told(rule),
                    other=_told(following),
                    field="rules",
                    weekday=following.weekday,
                )
        return msgspec.structs.replace(self, rules=ordered)

    def with_override(self, day: date, hours: Sequence[WallRange] | None) -> "Calendar":
        """An empty sequence closes the day; None gives it back to the weekly rules. Raises OverlappingRanges."""
        overrides = dict(self.overrides)
        overrides.pop(day, None)
        if hours is not None:
            overrides[day] = without_overlap(hours)
        return msgspec.structs.replace(self, overrides=overrides)

    def with_time_off(self, off: TimeOff) -> "Calendar":
        kept = [known for known in self.time_off if known.id != off.id]
        return msgspec.structs.replace(self, time_off=tuple(sorted([*kept, off], key=lambda known: known.slot)))

    def without_time_off(self, off_id: UUID) -> "Calendar":
        """Removing what is not there changes nothing."""
        return msgspec.structs.replace(self, time_off=tuple(off for off in self.time_off if off.id != off_id))

    def with_limits(self, limits: Limits) -> "Calendar":
        return msgspec.structs.replace(self, limits=limits)


def without_overlap(hours: Iterable[WallRange]) -> tuple[WallRange, ...]:
    """In order. Raises OverlappingRanges."""
    ordered = tuple(sorted(hours))
    for one, following in pairwise(ordered):
        if one.end_min > following.start_min:
            raise OverlappingRanges(
                "{one} and {other} overlap",
                one=str(one),
                other=str(following),
                field="hours",
            )
    return ordered


def _told(rule: WeeklyRule) -> str:
    return f"{WEEKDAYS[rule.weekday]} {rule.hours}"
