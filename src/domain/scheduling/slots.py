"""The slot engine: a Qari's hours minus everything that keeps him busy. Pure; slots are computed, never stored.

A slot is free when its lesson lies within open hours (weekly rules, overrides, time off), starts on the step grid of
the Qari's wall clock, starts neither before the notice nor beyond the horizon, meets no busy time once the buffers are
put around it, and no cap of its day or week is reached. A window asks for the slots that *start* in it, so the answers
for two adjacent windows are together the answer for both. (DISC-03, DISC-05)

Across a clock change a range lasts from the first moment at which the wall clock shows its start (or later) to the
first moment at which it shows its end: 01:30-02:30 lasts half an hour when 01:00-02:00 is skipped, and two hours when
it is shown twice. (DISC-04)
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.scheduling.calendar import DAY_MIN, Calendar, WallRange
from domain.scheduling.wall_clock import (
    WallClock,
    ceil_minute,
    day_number,
    floor_minute,
    moment_of,
    wall_clock,
    week_of,
    weekday_of,
)
from domain.time import TimeSlot


class Busy(msgspec.Struct, frozen=True, order=True):
    """Time that is taken, in minutes since 1970, made once when it is read. ``lesson_min`` is when the lesson itself
    starts and counts towards the caps; None for what is no lesson. ``blind``: nobody knows, because another calendar of
    the Qari cannot be read and he wants no bookings then. (DISC-06)
    """

    start_min: int
    end_min: int
    lesson_min: int | None = None
    blind: bool = False

    @classmethod
    def lesson(cls, slot: TimeSlot, *, before_min: int = 0, after_min: int = 0) -> "Busy":
        """The buffers are those that the lesson was booked with."""
        start = floor_minute(slot.start)
        return cls(start - before_min, ceil_minute(slot.end) + after_min, start)

    @classmethod
    def block(cls, slot: TimeSlot) -> "Busy":
        return cls(floor_minute(slot.start), ceil_minute(slot.end))

    @property
    def slot(self) -> TimeSlot:
        """With the buffers."""
        return TimeSlot(moment_of(self.start_min), moment_of(self.end_min))


class Reason(StrEnum):
    """Why a time cannot be booked. Clients match on these; they are never renamed."""

    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    OUTSIDE_HOURS = "outside_hours"
    TIME_OFF = "time_off"
    OFF_GRID = "off_grid"
    UNKNOWN = "unknown"
    TAKEN = "taken"
    TOO_CLOSE = "too_close"
    DAY_FULL = "day_full"
    WEEK_FULL = "week_full"


SENTENCES: Final = {
    Reason.TOO_SOON: "This time is too soon for the Qari, who asks for more notice.",
    Reason.TOO_FAR: "The Qari does not take bookings that far ahead yet.",
    Reason.OUTSIDE_HOURS: "The Qari does not teach at this time.",
    Reason.TIME_OFF: "The Qari is away at this time.",
    Reason.OFF_GRID: "Lessons with this Qari do not start at this minute.",
    Reason.UNKNOWN: "The Qari's own calendar cannot be read just now, so nobody knows whether this time is free.",
    Reason.TAKEN: "This time has just been taken.",
    Reason.TOO_CLOSE: "This time is too close to another lesson of the Qari.",
    Reason.DAY_FULL: "The Qari gives no more lessons on this day.",
    Reason.WEEK_FULL: "The Qari gives no more lessons in this week.",
}
"""English message ids: pass them through ``_()`` where they are shown."""


class WhyNot(msgspec.Struct, frozen=True):
    reason: Reason
    sentence: str


def free_slots(
    calendar: Calendar, busy: Sequence[Busy], window: TimeSlot, minutes: int, now: datetime
) -> list[TimeSlot]:
    """Those that start in the window, in order. ``busy`` may come in any order and may overlap; for caps it must cover
    the whole weeks that the window touches.
    """
    length = timedelta(minutes=minutes)
    slots: list[TimeSlot] = []
    for start in free_starts(calendar, busy, window, minutes, now):
        starts_at = moment_of(start)
        slots.append(TimeSlot(starts_at, starts_at + length))
    return slots


def next_free(
    calendar: Calendar, busy: Sequence[Busy], window: TimeSlot, minutes: int, now: datetime
) -> TimeSlot | None:
    """The first of ``free_slots``, without working out the others."""
    start = next(free_starts(calendar, busy, window, minutes, now), None)
    return None if start is None else TimeSlot.lasting(moment_of(start), minutes)


def free_starts(
    calendar: Calendar, busy: Sequence[Busy], window: TimeSlot, minutes: int, now: datetime
) -> Iterator[int]:
    """``free_slots`` as minutes since 1970, one after the other as they are found."""
    limits = calendar.limits
    low = max(ceil_minute(window.start), ceil_minute(now) + limits.min_notice_min)
    high = min(ceil_minute(window.end), floor_minute(now) + limits.horizon_days * DAY_MIN + 1)
    if low >= high:
        return
    clock, step = wall_clock(calendar.zone), limits.step_min
    before, after = limits.buffer_before_min, limits.buffer_after_min
    # A lesson with its buffers meets a busy time exactly when the bare lesson meets that time widened by the buffers.
    blocked = [(taken.start_min - after, taken.end_min + before) for taken in busy]
    blocked += [(floor_minute(off.slot.start), ceil_minute(off.slot.end)) for off in calendar.time_off]
    blocked.sort()
    full = _full_days(calendar, busy, clock, low, high)

    upcoming, blocks, blocked_until, known_until, offset = 0, len(blocked), low, low, 0
    for opens, closes in open_hours(calendar, low, high + minutes):
        start, last = max(opens, low), min(closes - minutes, high - 1)
        while start <= last:
            if start >= known_until:
                offset, known_until = clock.segment(start)
            to_grid = -(start + offset) % step
            if to_grid:
                start += to_grid
                if start > known_until:
                    start = known_until
                if start >= known_until or start > last:
                    continue
            while upcoming < blocks and blocked[upcoming][0] < start + minutes:
                if blocked[upcoming][1] > blocked_until:
                    blocked_until = blocked[upcoming][1]
                upcoming += 1
            if blocked_until > start:
                start = blocked_until
            elif full and (day := (start + offset) // DAY_MIN) in full:
                start = max(start + 1, clock.first_showing((day + 1) * DAY_MIN))
            else:
                yield start
                start += step


def open_hours(calendar: Calendar, low: int, high: int) -> Iterator[tuple[int, int]]:
    """The hours that touch ``[low, high)`` in minutes since 1970: in order, apart from each other, before time off is
    taken out. The outermost ones may reach beyond, but then they stop somewhere.
    """
    clock = wall_clock(calendar.zone)
    weekly: list[list[WallRange]] = [[] for _ in range(7)]
    for rule in calendar.rules:
        weekly[rule.weekday].append(rule.hours)
    overrides = {day_number(day): hours for day, hours in calendar.overrides.items()}

    pending: tuple[int, int] | None = None
    for day in range(clock.local_day(low) - 1, clock.local_day(high) + 1):
        hours = overrides.get(day)
        midnight, alone = day * DAY_MIN, day + 1 in overrides
        for wall in weekly[weekday_of(day)] if hours is None else hours:
            end_min = min(wall.end_min, DAY_MIN) if alone else wall.end_min
            opens, closes = clock.first_showing(midnight + wall.start_min), clock.first_showing(midnight + end_min)
            if closes <= low or opens >= closes:
                continue
            if pending is None:
                pending = (opens, closes)
            elif opens <= pending[1]:
                pending = (pending[0], max(pending[1], closes))
            else:
                yield pending
                pending = (opens, closes)
    if pending is not None:
        yield pending


def why_not(calendar: Calendar, busy: Sequence[Busy], slot: TimeSlot, now: datetime) -> WhyNot | None:
    """None for a slot that ``free_slots`` would name; else the first reason against it, in the order of ``Reason``."""
    reason = _reason(calendar, busy, slot, now)
    return None if reason is None else WhyNot(reason, SENTENCES[reason])


def _reason(calendar: Calendar, busy: Sequence[Busy], slot: TimeSlot, now: datetime) -> Reason | None:
    limits, clock = calendar.limits, wall_clock(calendar.zone)
    start, end = floor_minute(slot.start), ceil_minute(slot.end)
    if slot.start < now + timedelta(minutes=limits.min_notice_min):
        return Reason.TOO_SOON
    if slot.start > now + timedelta(days=limits.horizon_days):
        return Reason.TOO_FAR
    if not any(opens <= start and end <= closes for opens, closes in open_hours(calendar, start, end)):
        return Reason.OUTSIDE_HOURS
    if any(slot.overlaps(off.slot) for off in calendar.time_off):
        return Reason.TIME_OFF
    if slot.start != moment_of(start) or (start + clock.offset(start)) % limits.step_min:
        return Reason.OFF_GRID
    met = [taken for taken in busy if start < taken.end_min and taken.start_min < end]
    if met:
        return Reason.UNKNOWN if any(taken.blind for taken in met) else Reason.TAKEN
    first, last = start - limits.buffer_before_min, end + limits.buffer_after_min
    if any(first < taken.end_min and taken.start_min < last for taken in busy):
        return Reason.TOO_CLOSE
    if limits.daily_cap is None and limits.weekly_cap is None:
        return None
    days, weeks = _lessons_by_day(busy, clock)
    day = clock.local_day(start)
    if limits.daily_cap is not None and days[day] >= limits.daily_cap:
        return Reason.DAY_FULL
    if limits.weekly_cap is not None and weeks[week_of(day)] >= limits.weekly_cap:
        return Reason.WEEK_FULL
    return None


def _lessons_by_day(busy: Sequence[Busy], clock: WallClock) -> tuple[Counter[int], Counter[int]]:
    """How many lessons start on each local day, and in each local week."""
    days = Counter(clock.local_day(taken.lesson_min) for taken in busy if taken.lesson_min is not None)
    weeks: Counter[int] = Counter()
    for day, count in days.items():
        weeks[week_of(day)] += count
    return days, weeks


def _full_days(calendar: Calendar, busy: Sequence[Busy], clock: WallClock, low: int, high: int) -> frozenset[int]:
    """The local days from low to high on which no further lesson may start."""
    daily, weekly = calendar.limits.daily_cap, calendar.limits.weekly_cap
    if daily is None and weekly is None:
        return frozenset()
    days, weeks = _lessons_by_day(busy, clock)
    full = {day for day, count in days.items() if daily is not None and count >= daily}
    if weekly is not None:
        span = range(clock.local_day(low), clock.local_day(high) + 1)
        full.update(day for day in span if weeks[week_of(day)] >= weekly)
    return frozenset(full)


def within_hours(calendar: Calendar, slot: TimeSlot) -> bool:
    """Whether the Qari teaches then at all: inside his hours and not in his time off. Limits do not matter."""
    start, end = floor_minute(slot.start), ceil_minute(slot.end)
    inside = any(opens <= start and end <= closes for opens, closes in open_hours(calendar, start, end))
    return inside and not any(slot.overlaps(off.slot) for off in calendar.time_off)
