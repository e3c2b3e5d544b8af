"""When the owner of a published calendar is busy: rules, exceptions, zones, files nobody should send. (DISC-06)"""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from adapters.calendars.ics import NotACalendar, busy_times
from adapters.calendars.ours import lessons_of
from domain.time import TimeSlot

OURS: Final = lessons_of("halaqa.example")
START: Final = datetime(2026, 10, 20, tzinfo=UTC)
WINDOW: Final = TimeSlot(START, START + timedelta(days=21))


def calendar(*entries: str, head: str = "") -> bytes:
    events = "".join(
        f"BEGIN:VEVENT\nUID:{n}\nDTSTAMP:20260101T000000Z\n{text}\nEND:VEVENT\n" for n, text in enumerate(entries)
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{head}{events}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def found(*entries: str, head: str = "", zone: str = "Asia/Karachi") -> list[str]:
    read = busy_times(calendar(*entries, head=head), WINDOW, zone, OURS)
    slots = sorted(part.slot for part in read.parts if part.slot is not None)
    return [f"{slot.start:%d %H:%M}-{slot.end:%d %H:%M}" for slot in slots]


@pytest.mark.parametrize(
    ("entry", "times"),
    [
        ("DTSTART:20261021T090000Z\nDTEND:20261021T100000Z", ["21 09:00-21 10:00"]),
        ("DTSTART:20261021T090000Z\nDURATION:PT90M", ["21 09:00-21 10:30"]),
        ("DTSTART:20261021T090000\nDURATION:PT1H", ["21 04:00-21 05:00"]),
        ("DTSTART;TZID=America/New_York:20261021T090000\nDURATION:PT1H", ["21 13:00-21 14:00"]),
        ("DTSTART;TZID=Pakistan Standard Time:20261021T090000\nDURATION:PT1H", ["21 04:00-21 05:00"]),
        ("DTSTART;VALUE=DATE:20261021", ["20 19:00-21 19:00"]),
        ("DTSTART;VALUE=DATE:20261021\nDTEND;VALUE=DATE:20261024", ["20 19:00-23 19:00"]),
        ("DTSTART:20261021T090000Z", []),
        ("DTSTART:20261021T090000Z\nDTEND:20261021T090000Z", []),
        ("DTSTART:20261021T090000Z\nDTEND:20261021T100000Z\nTRANSP:TRANSPARENT", []),
        ("DTSTART:20261021T090000Z\nDTEND:20261021T100000Z\nSTATUS:CANCELLED", []),
        ("DTSTART:20261021T090000Z\nDTEND:20261021T100000Z\nX-MICROSOFT-CDO-BUSYSTATUS:FREE", []),
        ("DTSTART:20250101T090000Z\nDTEND:20250101T100000Z", []),
        ("DTSTART:20261021T090000Z\nDURATION:PT1H\nRDATE:20261023T090000Z", ["21 09:00-21 10:00", "23 09:00-23 10:00"]),
    ],
)
def test_one_entry(entry: str, times: list[str]) -> None:
    assert found(entry) == times


def test_a_weekly_class_at_nine_stays_at_nine_when_clocks_change() -> None:
    # DISC-04: London leaves summer time on 25 October
    weekly = "DTSTART;TZID=Europe/London:20260107T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;UNTIL=20261104T090000Z"

    assert found(weekly) == ["21 08:00-21 09:00", "28 09:00-28 10:00", "04 09:00-04 10:00"]


def test_what_is_left_out_and_what_is_moved() -> None:
    master = (
        "BEGIN:VEVENT\nUID:same\nDTSTAMP:20260101T000000Z\nDTSTART;TZID=Asia/Karachi:20261019T180000\n"
        "DURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=6\nEXDATE;TZID=Asia/Karachi:20261021T180000\nEND:VEVENT\n"
    )
    moved = (
        "BEGIN:VEVENT\nUID:same\nDTSTAMP:20260101T000000Z\nRECURRENCE-ID;TZID=Asia/Karachi:20261022T180000\n"
        "DTSTART;TZID=Asia/Karachi:20261022T200000\nDURATION:PT1H\nEND:VEVENT\n"
    )
    dropped = (
        "BEGIN:VEVENT\nUID:same\nDTSTAMP:20260101T000000Z\nRECURRENCE-ID;TZID=Asia/Karachi:20261023T180000\n"
        "DTSTART;TZID=Asia/Karachi:20261023T180000\nDURATION:PT1H\nSTATUS:CANCELLED\nEND:VEVENT\n"
    )

    assert found(head=master + moved + dropped) == ["20 13:00-20 14:00", "22 15:00-22 16:00", "24 13:00-24 14:00"]


def test_our_own_lessons_do_not_keep_their_qari_busy_a_second_time() -> None:
    own = (
        "BEGIN:VEVENT\nUID:01980000-0000-7000-8000-00000000aaaa@halaqa.example\nDTSTAMP:20260101T000000Z\n"
        "DTSTART:20261021T090000Z\nDURATION:PT1H\nEND:VEVENT\n"
    )

    assert found(head=own) == []


def test_a_declined_invitation_keeps_nobody_busy() -> None:
    entry = "DTSTART:20261021T090000Z\nDURATION:PT1H\nATTENDEE;PARTSTAT=DECLINED:mailto:me@example.org"

    assert found(entry, head="X-WR-CALNAME:me@example.org\n") == []
    assert found(entry, head="X-WR-CALNAME:somebody@example.org\n") != []


def test_a_server_may_tell_the_times_alone() -> None:
    told = (
        "BEGIN:VFREEBUSY\nUID:f\nDTSTAMP:20260101T000000Z\n"
        "FREEBUSY;FBTYPE=BUSY:20261021T090000Z/20261021T100000Z\n"
        "FREEBUSY;FBTYPE=FREE:20261022T090000Z/20261022T100000Z\nEND:VFREEBUSY\n"
    )

    assert found(head=told) == ["21 09:00-21 10:00"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>Sign in</html>",
        b"\x00\xff\xfe",
        calendar("DTSTART:20200101T000000Z\nDURATION:PT1H\nRRULE:FREQ=SECONDLY"),
        calendar("DTSTART:20200101T000000Z\nDURATION:PT1H\nRRULE:FREQ=MINUTELY;INTERVAL=2"),
    ],
)
def test_what_is_no_calendar_is_refused(raw: bytes) -> None:
    with pytest.raises(NotACalendar):
        busy_times(raw, WINDOW, "UTC", OURS)


def test_a_rule_that_never_comes_true_costs_little() -> None:
    entries = ["DTSTART:20200101T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"] * 3

    assert found(*entries) == []


def test_nothing_of_an_entry_but_its_time_is_kept() -> None:
    raw = calendar("SUMMARY:Surgery\nLOCATION:Clinic\nDTSTART:20261021T090000Z\nDURATION:PT1H")

    assert not {"Surgery", "Clinic"} & set(repr(busy_times(raw, WINDOW, "UTC", OURS).parts).split())
