"""Golden days: what exactly is offered when clocks change, for the Qari, the student, both or neither. (DISC-04)"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.scheduling.calendar import WallRange
from domain.scheduling.slots import free_slots
from domain.time import TimeSlot
from fakes.scheduling import a_calendar, weekly

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def starts(zone: str, day: date, *hours: tuple[str, str], minutes: int = 30) -> list[str]:
    """The UTC starts of what a Qari in that zone offers on his own date."""
    calendar = a_calendar(zone, overrides={day: [WallRange.of(*one) for one in hours]}, rules=[])
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    window = TimeSlot(midnight - timedelta(days=1), midnight + timedelta(days=2))
    return [f"{slot.start:%d %H:%M}" for slot in free_slots(calendar, [], window, minutes, LONG_AGO)]


def shown(zone: str, viewer: str, first: date, days: int, wall: str) -> list[tuple[str, str]]:
    """A daily hour of a Qari in ``zone``: its local time there and as a student elsewhere sees it."""
    hour = f"{int(wall[:2]) + 1:02}{wall[2:]}"
    calendar = a_calendar(zone, rules=weekly((wall, hour)))
    start = datetime.combine(first, datetime.min.time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    window = TimeSlot(start, start + timedelta(days=days))
    return [
        (f"{slot.start.astimezone(ZoneInfo(zone)):%H:%M}", f"{slot.start.astimezone(ZoneInfo(viewer)):%d %H:%M}")
        for slot in free_slots(calendar, [], window, 60, LONG_AGO)
    ]


def test_neither_changes_clocks() -> None:
    found = shown("Asia/Karachi", "Asia/Kathmandu", date(2026, 3, 28), 3, "17:00")

    assert found == [("17:00", "28 17:45"), ("17:00", "29 17:45"), ("17:00", "30 17:45")]


def test_only_the_qari_changes_clocks() -> None:
    found = shown("Europe/London", "Asia/Karachi", date(2026, 3, 28), 3, "17:00")

    assert found == [("17:00", "28 22:00"), ("17:00", "29 21:00"), ("17:00", "30 21:00")]


def test_only_the_student_changes_clocks() -> None:
    found = shown("Asia/Karachi", "America/New_York", date(2026, 3, 7), 3, "17:00")

    assert found == [("17:00", "07 07:00"), ("17:00", "08 08:00"), ("17:00", "09 08:00")]


def test_both_change_clocks_on_different_days() -> None:
    """From the Sunday on which London went back to the one on which New York follows, an hour less lies between."""
    found = shown("Europe/London", "America/New_York", date(2026, 10, 24), 9, "17:00")

    assert found[0] == ("17:00", "24 12:00")
    assert found[1:8] == [("17:00", f"{day} 13:00") for day in (25, 26, 27, 28, 29, 30, 31)]
    assert found[8] == ("17:00", "01 12:00")


@pytest.mark.parametrize(
    ("zone", "day", "hours", "expected"),
    [
        # London springs from 01:00 to 02:00 on 29 March, at 01:00 UTC.
        ("Europe/London", date(2026, 3, 29), ("01:30", "02:30"), ["29 01:00"]),
        ("Europe/London", date(2026, 3, 29), ("01:00", "02:00"), []),
        ("Europe/London", date(2026, 3, 29), ("00:30", "03:00"), ["29 00:30", "29 01:00", "29 01:30"]),
        # and back from 02:00 to 01:00 on 25 October, at 01:00 UTC: 01:00-02:00 is shown twice.
        ("Europe/London", date(2026, 10, 25), ("01:30", "02:30"), ["25 00:30", "25 01:00", "25 01:30", "25 02:00"]),
        ("Europe/London", date(2026, 10, 25), ("00:30", "01:30"), ["24 23:30", "25 00:00"]),
        # New York skips 02:00-03:00 on 8 March and repeats 01:00-02:00 on 1 November.
        ("America/New_York", date(2026, 3, 8), ("01:30", "03:30"), ["08 06:30", "08 07:00"]),
        ("America/New_York", date(2026, 11, 1), ("01:00", "02:00"), ["01 05:00", "01 05:30", "01 06:00", "01 06:30"]),
        # Cairo skips the first hour of 24 April and repeats the last one of 29 October.
        ("Africa/Cairo", date(2026, 4, 24), ("00:00", "02:00"), ["23 22:00", "23 22:30"]),
        ("Africa/Cairo", date(2026, 10, 29), ("23:00", "24:00"), ["29 20:00", "29 20:30", "29 21:00", "29 21:30"]),
        # Lord Howe moves by half an hour: 02:00-02:30 is skipped on 4 October, 01:30-02:00 repeated on 5 April.
        ("Australia/Lord_Howe", date(2026, 10, 4), ("01:30", "03:00"), ["03 15:00", "03 15:30"]),
        ("Australia/Lord_Howe", date(2026, 4, 5), ("01:30", "02:00"), ["04 14:30", "04 15:00"]),
        # Karachi and Kathmandu (+05:45) never change.
        ("Asia/Karachi", date(2026, 3, 29), ("01:30", "02:30"), ["28 20:30", "28 21:00"]),
        ("Asia/Kathmandu", date(2026, 3, 29), ("06:00", "07:00"), ["29 00:15", "29 00:45"]),
    ],
)
def test_a_range_lasts_from_the_first_showing_of_its_start_to_that_of_its_end(
    zone: str, day: date, hours: tuple[str, str], expected: list[str]
) -> None:
    assert starts(zone, day, hours) == expected


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_ranges_that_touch_give_what_the_whole_range_gives(day: date) -> None:
    parts = starts("Europe/London", day, ("00:00", "01:30"), ("01:30", "02:00"), ("02:00", "04:00"))

    assert parts == starts("Europe/London", day, ("00:00", "04:00"))


def test_a_whole_day_has_23_or_25_hours_when_the_clocks_change() -> None:
    assert len(starts("Europe/London", date(2026, 3, 29), ("00:00", "24:00"))) == 46
    assert len(starts("Europe/London", date(2026, 10, 25), ("00:00", "24:00"))) == 50
    assert len(starts("Australia/Lord_Howe", date(2026, 4, 5), ("00:00", "24:00"))) == 49


def test_a_lesson_of_ninety_minutes_may_lie_across_the_change() -> None:
    assert starts("Europe/London", date(2026, 3, 29), ("00:00", "03:00"), minutes=90) == ["29 00:00", "29 00:30"]


def test_a_range_over_midnight_into_the_change_keeps_its_wall_times() -> None:
    found = starts("Europe/London", date(2026, 3, 28), ("23:00", "02:30"))

    assert found == ["28 23:00", "28 23:30", "29 00:00", "29 00:30", "29 01:00"]
