"""Each limit to the exact minute (DISC-05), what beats what (DISC-02), and the reasons that are given."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.scheduling.calendar import Calendar, TimeOff, WallRange
from domain.scheduling.slots import SENTENCES, Busy, Reason, WhyNot, free_slots, next_free, why_not
from domain.time import TimeSlot
from fakes.scheduling import NO_LIMITS, a_calendar, weekly

# Monday 2026-07-13; the Qari's clock shows UTC.
MONDAY = datetime(2026, 7, 13, tzinfo=UTC)
LONG_AGO = MONDAY - timedelta(days=30)


def at(clock: str, day: int = 0) -> datetime:
    hours, minutes = clock.split(":")
    return MONDAY + timedelta(days=day, hours=int(hours), minutes=int(minutes))


def a_slot(start: str, minutes: int = 30, day: int = 0) -> TimeSlot:
    return TimeSlot.lasting(at(start, day), minutes)


def limited(**limits: Any) -> Calendar:
    return a_calendar("UTC", limits=msgspec.structs.replace(NO_LIMITS, **limits))


def reason(calendar: Calendar, slot: TimeSlot, now: datetime = LONG_AGO, *busy: Busy) -> Reason | None:
    """Checked against the list of free slots on the way."""
    refused = why_not(calendar, busy, slot, now)
    free = free_slots(calendar, busy, TimeSlot.lasting(slot.start, 1), slot.minutes, now)
    assert (refused is None) == (slot in free)
    return None if refused is None else refused.reason


def test_a_lesson_begins_and_ends_within_the_hours() -> None:
    calendar = a_calendar(
        "UTC", rules=weekly(("09:00", "10:00")), limits=msgspec.structs.replace(NO_LIMITS, step_min=5)
    )

    assert reason(calendar, a_slot("08:55")) is Reason.OUTSIDE_HOURS
    assert reason(calendar, a_slot("09:00")) is None
    assert reason(calendar, a_slot("09:30")) is None
    assert reason(calendar, a_slot("09:35")) is Reason.OUTSIDE_HOURS


@pytest.mark.parametrize(("minutes_before", "expected"), [(121, None), (120, None), (119, Reason.TOO_SOON)])
def test_the_notice_ends_on_its_minute(minutes_before: int, expected: Reason | None) -> None:
    now = at("12:00") - timedelta(minutes=minutes_before)

    assert reason(limited(min_notice_min=120), a_slot("12:00"), now) is expected


def test_a_second_less_than_the_notice_is_too_soon() -> None:
    now = at("10:00") + timedelta(seconds=1)

    assert reason(limited(min_notice_min=120), a_slot("12:00"), now) is Reason.TOO_SOON


@pytest.mark.parametrize(("minutes_late", "expected"), [(0, None), (1, None), (-1, Reason.TOO_FAR)])
def test_the_horizon_ends_on_its_minute(minutes_late: int, expected: Reason | None) -> None:
    now = at("12:00", day=-14) + timedelta(minutes=minutes_late)

    assert reason(limited(horizon_days=14), a_slot("12:00"), now) is expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [("11:15", None), ("11:20", Reason.TOO_CLOSE), ("12:35", Reason.TOO_CLOSE), ("12:40", None)],
)
def test_buffers_of_both_lessons_lie_between_them(start: str, expected: Reason | None) -> None:
    """Five minutes before and ten after each: a lesson needs 15 minutes of distance on either side."""
    calendar = limited(buffer_before_min=5, buffer_after_min=10, step_min=5)
    lesson = Busy.lesson(a_slot("12:00"), before_min=5, after_min=5)

    assert reason(calendar, a_slot(start), LONG_AGO, lesson) is expected


def test_a_lesson_keeps_the_buffers_it_was_booked_with() -> None:
    lesson = Busy.lesson(a_slot("12:00"), after_min=30)

    assert reason(limited(), a_slot("12:30"), LONG_AGO, lesson) is Reason.TAKEN
    assert reason(limited(), a_slot("13:00"), LONG_AGO, lesson) is None
    assert reason(limited(), a_slot("11:30"), LONG_AGO, lesson) is None


def test_the_daily_cap_closes_the_day_with_its_last_lesson() -> None:
    lessons = [Busy.lesson(a_slot("09:00")), Busy.lesson(a_slot("10:00"))]

    assert reason(limited(daily_cap=3), a_slot("12:00"), LONG_AGO, *lessons) is None
    assert reason(limited(daily_cap=2), a_slot("12:00"), LONG_AGO, *lessons) is Reason.DAY_FULL
    assert reason(limited(daily_cap=2), a_slot("12:00", day=1), LONG_AGO, *lessons) is None


def test_the_weekly_cap_counts_from_monday_to_sunday() -> None:
    lessons = [Busy.lesson(a_slot("09:00")), Busy.lesson(a_slot("09:00", day=6))]

    assert reason(limited(weekly_cap=2), a_slot("12:00", day=3), LONG_AGO, *lessons) is Reason.WEEK_FULL
    assert reason(limited(weekly_cap=3), a_slot("12:00", day=3), LONG_AGO, *lessons) is None
    assert reason(limited(weekly_cap=2), a_slot("12:00", day=7), LONG_AGO, *lessons) is None
    assert reason(limited(weekly_cap=2), a_slot("12:00", day=-1), LONG_AGO, *lessons) is None


def test_a_day_is_the_one_on_the_qaris_wall() -> None:
    """20:00 UTC on Monday is Tuesday in Karachi."""
    limits = msgspec.structs.replace(NO_LIMITS, daily_cap=1)
    calendar = a_calendar("Asia/Karachi", rules=weekly(("00:00", "24:00")), limits=limits)
    lesson = Busy.lesson(a_slot("20:00"))

    assert reason(calendar, a_slot("18:30"), LONG_AGO, lesson) is None
    assert reason(calendar, a_slot("19:00"), LONG_AGO, lesson) is Reason.DAY_FULL
    assert reason(calendar, a_slot("18:30", day=1), LONG_AGO, lesson) is Reason.DAY_FULL
    assert reason(calendar, a_slot("19:00", day=1), LONG_AGO, lesson) is None


def test_what_is_no_lesson_does_not_count_for_caps() -> None:
    assert reason(limited(daily_cap=1), a_slot("12:00"), LONG_AGO, Busy.block(a_slot("10:00"))) is None


def test_lessons_start_on_the_grid_of_the_wall_clock() -> None:
    kathmandu = a_calendar("Asia/Kathmandu", rules=weekly(("06:00", "08:00")))

    assert reason(kathmandu, a_slot("00:15")) is None
    assert reason(kathmandu, a_slot("00:30")) is Reason.OFF_GRID
    assert reason(limited(step_min=15), a_slot("09:15")) is None
    assert reason(limited(step_min=30), a_slot("09:15")) is Reason.OFF_GRID


def test_an_override_beats_the_rule() -> None:  # DISC-02
    day = MONDAY.date()
    closed = a_calendar("UTC", overrides={day: []})
    evening = a_calendar("UTC", overrides={day: [WallRange.of("18:00", "19:00")]})

    assert reason(closed, a_slot("12:00")) is Reason.OUTSIDE_HOURS
    assert reason(closed, a_slot("12:00", day=1)) is None
    assert reason(evening, a_slot("12:00")) is Reason.OUTSIDE_HOURS
    assert reason(evening, a_slot("18:00")) is None


def test_a_closed_date_also_ends_the_night_before_it() -> None:
    nights = weekly(("22:00", "02:00"))
    calendar = a_calendar("UTC", rules=nights, overrides={MONDAY.date(): []})

    assert reason(calendar, a_slot("23:30", day=-1)) is None
    assert reason(calendar, a_slot("23:30", minutes=60, day=-1)) is Reason.OUTSIDE_HOURS
    assert reason(calendar, a_slot("00:00")) is Reason.OUTSIDE_HOURS
    assert reason(calendar, a_slot("23:30")) is Reason.OUTSIDE_HOURS
    assert reason(calendar, a_slot("00:00", day=1)) is Reason.OUTSIDE_HOURS
    assert reason(calendar, a_slot("22:00", day=1)) is None


def test_hours_over_midnight_are_one_stretch() -> None:
    calendar = a_calendar("UTC", rules=weekly(("22:00", "02:00")))

    assert reason(calendar, a_slot("23:30", minutes=60)) is None
    assert reason(calendar, a_slot("01:30")) is None
    assert reason(calendar, a_slot("02:00")) is Reason.OUTSIDE_HOURS


def test_time_off_removes_exactly_what_it_covers() -> None:  # DISC-02
    off = TimeOff(id=UUID(int=1), slot=TimeSlot(at("12:00"), at("14:00")))
    calendar = limited().with_time_off(off)

    assert reason(calendar, a_slot("11:30")) is None
    assert reason(calendar, a_slot("11:30", minutes=60)) is Reason.TIME_OFF
    assert reason(calendar, a_slot("13:30")) is Reason.TIME_OFF
    assert reason(calendar, a_slot("14:00")) is None
    assert reason(calendar.without_time_off(off.id), a_slot("13:30")) is None


def test_every_reason_has_a_plain_sentence() -> None:
    assert set(SENTENCES) == set(Reason)
    assert why_not(limited(), [], a_slot("20:00"), LONG_AGO) == WhyNot(
        Reason.OUTSIDE_HOURS, "The Qari does not teach at this time."
    )


def test_the_next_free_slot_skips_what_is_taken() -> None:
    busy = [Busy.lesson(a_slot("09:00")), Busy.lesson(a_slot("09:30", minutes=90))]
    window = TimeSlot(MONDAY, MONDAY + timedelta(days=1))

    assert next_free(limited(), busy, window, 30, LONG_AGO) == a_slot("11:00")
    assert next_free(a_calendar("UTC", rules=[]), [], window, 30, LONG_AGO) is None


def test_an_override_on_a_date_is_found_in_the_qaris_zone() -> None:
    calendar = a_calendar("Asia/Karachi", rules=[], overrides={date(2026, 7, 14): [WallRange.of("00:00", "01:00")]})

    assert free_slots(calendar, [], TimeSlot(MONDAY, at("00:00", day=3)), 60, LONG_AGO) == [a_slot("19:00", minutes=60)]
