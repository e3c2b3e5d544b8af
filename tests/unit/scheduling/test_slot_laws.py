"""The laws of the slot engine, tried on many calendars around the days on which clocks change. (DISC-03, DISC-04)"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ids import UserId
from domain.scheduling.calendar import Calendar, Limits, TimeOff, WallRange, WeeklyRule
from domain.scheduling.slots import Busy, Reason, free_slots, next_free, why_not
from domain.time import TimeSlot

pytestmark = pytest.mark.slow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHANGES = {
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 29)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "Asia/Karachi": (date(2026, 3, 29),),
    "Asia/Kathmandu": (date(2026, 3, 8),),
}


class World(msgspec.Struct, frozen=True):
    calendar: Calendar
    busy: tuple[Busy, ...]
    window: TimeSlot
    minutes: int
    now: datetime


def disjoint(days: int) -> st.SearchStrategy[list[tuple[int, WallRange]]]:
    """Ranges on consecutive days that do not overlap each other; some cross midnight, some touch."""
    marks = st.lists(st.integers(0, days * 48 - 1), min_size=4, max_size=20, unique=True).map(sorted)
    return marks.map(
        lambda found: [
            (start // 48, WallRange(start % 48 * 30, start % 48 * 30 + min(end - start, 47) * 30))
            for start, end in zip(found[::2], found[1::2], strict=False)
        ]
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    zone = draw(st.sampled_from(sorted(CHANGES)))
    middle = datetime.combine(draw(st.sampled_from(CHANGES[zone])), datetime.min.time(), tzinfo=UTC)
    start = middle - timedelta(days=1, minutes=draw(st.integers(0, 600)))
    window = TimeSlot.lasting(start, draw(st.integers(600, 3 * 24 * 60)))
    now = start - timedelta(seconds=draw(st.integers(-60_000, 100_000)))
    limits = Limits(
        buffer_before_min=draw(st.sampled_from([0, 0, 5, 30])),
        buffer_after_min=draw(st.sampled_from([0, 0, 10, 45])),
        min_notice_min=draw(st.sampled_from([0, 0, 60, 1440])),
        horizon_days=draw(st.sampled_from([1, 2, 60, 60])),
        daily_cap=draw(st.sampled_from([None, None, 1, 3])),
        weekly_cap=draw(st.sampled_from([None, None, 2, 6])),
        step_min=draw(st.sampled_from([5, 15, 20, 30, 60])),
    )
    first_day = middle.weekday() - draw(st.integers(1, 4))
    rules = [WeeklyRule((first_day + day) % 7, hours) for day, hours in draw(disjoint(6))]
    calendar = Calendar(qari_id=UserId(UUID(int=1)), zone=zone, limits=limits).with_rules(rules)
    for day_shift, hours in draw(st.dictionaries(st.integers(-2, 3), disjoint(1), max_size=2)).items():
        calendar = calendar.with_override((middle + timedelta(days=day_shift)).date(), [one for _, one in hours])
    spans = st.tuples(st.integers(-2880, 5000), st.integers(1, 400)).map(
        lambda span: TimeSlot.lasting(start + timedelta(minutes=span[0]), span[1])
    )
    for number, off in enumerate(draw(st.lists(spans, max_size=2))):
        calendar = calendar.with_time_off(TimeOff(id=UUID(int=number), slot=off))
    lessons = [Busy.lesson(slot, before_min=5, after_min=10) for slot in draw(st.lists(spans, max_size=8))]
    blocks = [Busy.block(slot) for slot in draw(st.lists(spans, max_size=2))]
    return World(calendar, (*lessons, *blocks), window, draw(st.sampled_from([15, 30, 45, 90])), now)


def answer(world: World) -> list[TimeSlot]:
    return free_slots(world.calendar, world.busy, world.window, world.minutes, world.now)


def minute_of(moment: datetime) -> int:
    return int((moment - EPOCH).total_seconds() // 60)


@cache
def wall_minute(zone: str, minute: int) -> int:
    """What the clock on the wall shows at that minute: minutes since an epoch of its own."""
    return minute_of((EPOCH + timedelta(minutes=minute)).astimezone(ZoneInfo(zone)).replace(tzinfo=UTC))


def reference(world: World) -> list[TimeSlot]:
    """The definition, minute by minute and without any cleverness."""
    calendar, limits, zone = world.calendar, world.calendar.limits, world.calendar.zone
    first, last = minute_of(world.window.start) - 3 * 1440, minute_of(world.window.end) + 3 * 1440
    wall = {minute: wall_minute(zone, minute) for minute in range(first, last)}
    showing: dict[int, int] = {}
    reached = wall[first]
    for minute, shown_minute in wall.items():
        for passed in range(reached, shown_minute + 1):
            showing.setdefault(passed, minute)
        reached = max(reached, shown_minute)

    open_minutes: set[int] = set()
    day = (EPOCH + timedelta(minutes=wall[first])).date() + timedelta(days=1)
    while day < (world.window.end + timedelta(days=2)).date():
        hours = [rule.hours for rule in calendar.rules if rule.weekday == day.weekday()]
        midnight = (day - EPOCH.date()).days * 1440
        ends = 1440 if day + timedelta(days=1) in calendar.overrides else 2880
        for one in calendar.overrides.get(day, hours):
            open_minutes.update(range(showing[midnight + one.start_min], showing[midnight + min(one.end_min, ends)]))
        day += timedelta(days=1)
    for off in calendar.time_off:
        open_minutes.difference_update(
            range(minute_of(off.slot.start), minute_of(off.slot.end + timedelta(seconds=59)))
        )

    def local_date(minute: int) -> date:
        return EPOCH.date() + timedelta(minutes=wall_minute(zone, minute))

    starts = [taken.lesson_min for taken in world.busy if taken.lesson_min is not None]
    days = Counter(local_date(start) for start in starts)
    weeks = Counter(local_date(start).isocalendar()[:2] for start in starts)
    found = []
    for minute in range(minute_of(world.window.start) - 1, minute_of(world.window.end) + 1):
        moment = EPOCH + timedelta(minutes=minute)
        if (
            world.window.contains(moment)
            and moment >= world.now + timedelta(minutes=limits.min_notice_min)
            and moment <= world.now + timedelta(days=limits.horizon_days)
            and wall[minute] % limits.step_min == 0
            and open_minutes.issuperset(range(minute, minute + world.minutes))
            and not any(
                minute - limits.buffer_before_min < taken.end_min
                and taken.start_min < minute + world.minutes + limits.buffer_after_min
                for taken in world.busy
            )
            and (limits.daily_cap is None or days[local_date(minute)] < limits.daily_cap)
            and (limits.weekly_cap is None or weeks[local_date(minute).isocalendar()[:2]] < limits.weekly_cap)
        ):
            found.append(TimeSlot.lasting(moment, world.minutes))
    return found


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_the_engine_answers_what_the_definition_says(world: World) -> None:
    assert answer(world) == reference(world)


@settings(deadline=None)
@given(worlds())
def test_no_slot_meets_a_busy_time_once_the_buffers_are_around_it(world: World) -> None:  # DISC-03
    limits = world.calendar.limits
    for slot in answer(world):
        padded = slot.padded(limits.buffer_before_min, limits.buffer_after_min)
        for taken in world.busy:
            assert minute_of(padded.end) <= taken.start_min or taken.end_min <= minute_of(padded.start)
        assert not any(slot.overlaps(off.slot) for off in world.calendar.time_off)


@settings(deadline=None)
@given(worlds())
def test_slots_keep_the_notice_the_horizon_and_the_window(world: World) -> None:  # DISC-05
    limits = world.calendar.limits
    for slot in answer(world):
        assert slot.minutes == world.minutes
        assert world.window.contains(slot.start)
        assert slot.start - world.now >= timedelta(minutes=limits.min_notice_min)
        assert slot.start - world.now <= timedelta(days=limits.horizon_days)


@settings(deadline=None)
@given(worlds())
def test_slots_come_once_and_in_order(world: World) -> None:
    starts = [slot.start for slot in answer(world)]

    assert starts == sorted(set(starts))


@settings(deadline=None)
@given(worlds(), st.floats(0, 1))
def test_the_answers_for_two_adjacent_windows_are_the_answer_for_both(world: World, share: float) -> None:
    cut = world.window.start + timedelta(seconds=int((world.window.end - world.window.start).total_seconds() * share))
    parts = [TimeSlot(start, end) for start, end in ((world.window.start, cut), (cut, world.window.end)) if start < end]

    pieces = [slot for part in parts for slot in answer(msgspec.structs.replace(world, window=part))]

    assert pieces == answer(world)


@settings(deadline=None)
@given(worlds())
def test_no_day_or_week_that_is_full_gets_another_lesson(world: World) -> None:  # DISC-05
    limits, zone = world.calendar.limits, ZoneInfo(world.calendar.zone)
    taken: Sequence[date] = [
        (EPOCH + timedelta(minutes=busy.lesson_min)).astimezone(zone).date()
        for busy in world.busy
        if busy.lesson_min is not None
    ]
    for slot in answer(world):
        day = slot.start.astimezone(zone).date()
        assert limits.daily_cap is None or taken.count(day) < limits.daily_cap
        weeks = [one.isocalendar()[:2] for one in taken]
        assert limits.weekly_cap is None or weeks.count(day.isocalendar()[:2]) < limits.weekly_cap


@settings(deadline=None)
@given(worlds(), st.integers(0, 3 * 24 * 60), st.integers(0, 59))
def test_a_reason_is_given_exactly_for_what_is_not_free(world: World, shift: int, seconds: int) -> None:
    start = world.window.start + timedelta(minutes=shift - shift % 5, seconds=seconds if shift % 7 == 0 else 0)
    slot = TimeSlot.lasting(start, world.minutes)

    refused = why_not(world.calendar, world.busy, slot, world.now)

    free = free_slots(world.calendar, world.busy, TimeSlot.lasting(start, 1), world.minutes, world.now)
    assert (refused is None) == (slot in free)
    assert refused is None or refused.reason in Reason


@settings(deadline=None)
@given(worlds())
def test_the_next_free_slot_is_the_first_of_all(world: World) -> None:
    found = next_free(world.calendar, world.busy, world.window, world.minutes, world.now)

    assert found == next(iter(answer(world)), None)
