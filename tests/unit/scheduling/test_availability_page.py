"""The availability editor as plain forms, without any script. (DISC-02, DISC-05)"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.web.availability_forms import painted, rules_of
from adapters.http.web.qari_availability import CONTROLLERS_MAIN
from application.scheduling.change_calendar import ChangeCalendar
from application.scheduling.see_calendar import SeeCalendar
from application.scheduling.set_limits import SetLimits
from application.scheduling.set_offers import SetOffers
from application.scheduling.set_override import SetOverride
from application.scheduling.set_weekly_rules import SetWeeklyRules
from application.scheduling.take_time_off import AddTimeOff, RemoveTimeOff
from domain.errors import Invalid
from domain.identity.permission import Audience, Role
from domain.ids import BookingId
from domain.money import Money
from domain.scheduling.calendar import WallRange, WeeklyRule
from domain.scheduling.qari import LessonOffer
from domain.time import TimeSlot
from fakes.clock import FixedClock
from fakes.directory import MemoryDirectory, MemorySchool
from fakes.http import QARI_TOKEN, a_config, an_app, person, provided
from fakes.ids import SequentialIds
from fakes.scheduling import a_calendar, a_qari, weekly

# A Tuesday; 17:00 in Karachi.
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
QARI = person(Audience.MAIN, Role.QARI).user_id
PAGE = "/qari/availability"


@pytest.fixture
def school() -> MemorySchool:
    school = MemorySchool()
    rules = [*weekly(("09:00", "11:00"), days=[0, 1]), WeeklyRule(4, WallRange.of("17:20", "18:10"))]
    school.add(a_qari(user_id=QARI), a_calendar(qari_id=QARI, rules=rules))
    return school


@pytest.fixture
def client(school: MemorySchool) -> Iterator[TestClient[Litestar]]:
    clock, directory = FixedClock(NOW), MemoryDirectory(school)
    change = ChangeCalendar(school.new_unit, clock, directory)
    uses = {
        "see_calendar": SeeCalendar(school.new_unit, clock, directory),
        "set_weekly_rules": SetWeeklyRules(change),
        "set_override": SetOverride(change, clock),
        "add_time_off": AddTimeOff(change, clock, SequentialIds()),
        "remove_time_off": RemoveTimeOff(change),
        "set_limits": SetLimits(change),
        "set_offers": SetOffers(school.new_unit),
    }
    app = an_app(CONTROLLERS_MAIN, dependencies={name: provided(use) for name, use in uses.items()})
    with TestClient(app, base_url="http://testserver.local") as client:
        client.cookies.set(a_config().session_cookie, QARI_TOKEN)
        yield client


def send(client: TestClient[Litestar], form: str, fields: Mapping[str, str | list[str]]) -> tuple[int, str]:
    """Posts with the page's own proof; answers the status and the page that follows."""
    proof = re.search(r'name="csrf_token" value="([^"]+)"', client.get(PAGE).text)
    assert proof is not None
    answer = client.post(f"{PAGE}/{form}", data={"csrf_token": proof[1], **fields}, follow_redirects=False)
    return answer.status_code, client.get(PAGE).text if answer.status_code == 303 else answer.text


def checked(text: str) -> list[str]:
    return re.findall(r'name="h" value="([\d-]+)" checked', text)


def test_the_week_is_shown_as_painted(client: TestClient[Litestar]) -> None:
    text = client.get(PAGE).text

    assert checked(text) == ["0-540", "1-540", "0-570", "1-570", "0-600", "1-600", "0-630", "1-630"]
    assert text.count('name="h"') == 336
    assert "Friday 17:20" in text
    assert "Karachi" in text


def test_painting_replaces_the_week_and_keeps_hours_to_the_minute(
    client: TestClient[Litestar], school: MemorySchool
) -> None:
    status, text = send(client, "week", {"h": ["2-1410", "3-0", "3-30", "3-120"], "kept": ["4-1040-1090"]})

    assert status == 303
    assert "Your week is saved." in text
    assert school.calendars[QARI].rules == (
        WeeklyRule(2, WallRange(1410, 1440)),
        WeeklyRule(3, WallRange(0, 60)),
        WeeklyRule(3, WallRange(120, 150)),
        WeeklyRule(4, WallRange(1040, 1090)),
    )


def test_an_empty_week_is_allowed(client: TestClient[Litestar], school: MemorySchool) -> None:
    assert send(client, "week", {})[0] == 303
    assert school.calendars[QARI].rules == ()


def test_lessons_outside_are_told_of(client: TestClient[Litestar], school: MemorySchool) -> None:
    start = datetime(2026, 3, 9, 4, tzinfo=UTC)
    school.book(QARI, BookingId(UUID(int=3)), TimeSlot.lasting(start, 30))
    assert "Booked outside your hours" not in client.get(PAGE).text

    _, text = send(client, "week", {"h": ["2-600"]})

    assert "1 booked lesson lies outside your hours now" in text
    assert "Booked outside your hours" in text


def test_dates_close_and_open_and_follow_the_week_again(client: TestClient[Litestar], school: MemorySchool) -> None:
    hours = {"day": "2026-03-20", "kind": "hours", "start1": "20:00", "end1": "00:30"}
    assert send(client, "date", hours)[0] == 303
    assert "20:00 – 00:30" in send(client, "date", {"day": "2026-03-21", "kind": "closed"})[1]  # noqa: RUF001
    assert school.calendars[QARI].overrides == {
        date(2026, 3, 20): (WallRange(1200, 1470),),
        date(2026, 3, 21): (),
    }

    send(client, "date/remove", {"day": "2026-03-20"})
    assert list(school.calendars[QARI].overrides) == [date(2026, 3, 21)]


def test_time_off_is_whole_days_of_the_qaris_wall(client: TestClient[Litestar], school: MemorySchool) -> None:
    _, text = send(client, "away", {"first": "2026-03-10", "last": "2026-03-12", "note": "Umrah"})

    off = school.calendars[QARI].time_off[0]
    assert off.slot == TimeSlot(datetime(2026, 3, 9, 19, tzinfo=UTC), datetime(2026, 3, 12, 19, tzinfo=UTC))
    assert off.slot.end - off.slot.start == timedelta(days=3)
    assert "Umrah" in text
    assert send(client, f"away/{off.id}/remove", {})[0] == 303
    assert school.calendars[QARI].time_off == ()


def test_limits_and_prices(client: TestClient[Litestar], school: MemorySchool) -> None:
    limits = {
        "min_notice_min": "60",
        "horizon_days": "30",
        "step_min": "15",
        "buffer_before_min": "0",
        "buffer_after_min": "10",
        "daily_cap": "6",
        "weekly_cap": "",
    }
    assert send(client, "limits", dict(limits))[0] == 303
    stored = school.calendars[QARI].limits
    assert (stored.step_min, stored.daily_cap, stored.weekly_cap) == (15, 6, None)

    offers = {"currency": "KWD", "minutes1": "45", "price1": "4.500", "trial1": "0"}
    assert send(client, "offers", dict(offers))[0] == 303
    assert school.profiles[QARI].offers == (LessonOffer(45, Money(4500, "KWD"), Money(0, "KWD")),)


@pytest.mark.parametrize(
    ("form", "fields", "said"),
    [
        ("week", {"h": ["9-540"]}, "weekday"),
        ("week", {"h": ["zebra"]}, "could not be read"),
        ("week", {"kept": ["1-5-99999"]}, "24 hours"),
        ("date", {"day": "soon", "kind": "closed"}, "Choose a date"),
        ("date", {"day": "2026-03-20", "kind": "hours"}, "from when to when"),
        ("date", {"day": "2026-03-20", "kind": "hours", "start1": "10:00", "end1": "10:00"}, "no length"),
        ("date", {"day": "2026-03-01", "kind": "closed"}, "over"),
        ("away", {"first": "2026-03-10", "last": "2026-03-09"}, "not before"),
        ("away", {"first": "0001-01-01", "last": "9999-12-31"}, "near today"),
        ("limits", {"min_notice_min": "soon"}, "whole number"),
        ("offers", {"currency": "USD", "minutes1": "30", "price1": "cheap"}, "amount"),
        ("offers", {"currency": "USD", "minutes1": "30", "price1": "1.005"}, "decimals"),
        ("offers", {"currency": "ZZZ", "minutes1": "30", "price1": "5"}, "currency"),
    ],
)
def test_what_cannot_be_saved_is_said_beside_its_form(
    client: TestClient[Litestar],
    school: MemorySchool,
    form: str,
    fields: dict[str, str | list[str]],
    said: str,
) -> None:
    before = (school.calendars[QARI], school.profiles[QARI])

    status, text = send(client, form, fields)

    assert status == 422
    wrong = re.search(rf'id="{form}-wrong">(.*?)</p>', text, re.DOTALL)
    assert wrong is not None
    assert said in wrong[1]
    assert (school.calendars[QARI], school.profiles[QARI]) == before


def test_painting_and_reading_are_inverse() -> None:
    rules = [*weekly(("00:00", "02:30"), ("09:00", "24:00")), WeeklyRule(0, WallRange(185, 200))]

    cells, kept = painted(rules)

    assert set(
        rules_of(cells, [f"{rule.weekday}-{rule.hours.start_min}-{rule.hours.end_min}" for rule in kept])
    ) == set(rules)
    assert painted([WeeklyRule(6, WallRange(1410, 1470))])[0] == {"6-1410", "0-0"}
    with pytest.raises(Invalid):
        rules_of(["0-5-7"], [])
