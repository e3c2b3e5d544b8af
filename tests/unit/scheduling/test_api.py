"""The API of Qaris, slots and availability, over the real HTTP core and fakes. (DISC-01, DISC-02, API-04)"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.api.scheduling import CONTROLLERS_MAIN
from adapters.http.web.public import PublicController
from application.booking.learner_search import LearnerSearch
from application.identity.see_family import SeeChildren
from application.scheduling.change_calendar import ChangeCalendar
from application.scheduling.free_slots import FreeSlots
from application.scheduling.search_qaris import SearchQaris
from application.scheduling.see_calendar import SeeCalendar
from application.scheduling.set_learner_gender import SetLearnerGender
from application.scheduling.set_limits import SetLimits
from application.scheduling.set_offers import SetOffers
from application.scheduling.set_override import SetOverride
from application.scheduling.set_weekly_rules import SetWeeklyRules
from application.scheduling.take_time_off import AddTimeOff, RemoveTimeOff
from domain.identity.permission import Audience, Role
from domain.ids import UserId
from fakes.clock import FixedClock
from fakes.directory import MemoryDirectory, MemorySchool
from fakes.guardians import MemoryGuardianQueries
from fakes.http import QARI_TOKEN, STUDENT_TOKEN, an_app, bearer, person, provided
from fakes.ids import SequentialIds
from fakes.scheduling import a_calendar, a_qari
from fakes.unit import MemoryStore
from support.units import memory_units

# A Tuesday; 17:00 in Karachi.
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
QARI: UserId = person(Audience.MAIN, Role.QARI).user_id
AS_QARI = bearer(QARI_TOKEN)
AVAILABILITY = "/api/v1/my/availability"


@pytest.fixture
def school() -> MemorySchool:
    school = MemorySchool()
    school.add(a_qari(user_id=QARI), a_calendar(qari_id=QARI))
    return school


@pytest.fixture
def client(school: MemorySchool) -> Iterator[TestClient[Litestar]]:
    clock, directory = FixedClock(NOW), MemoryDirectory(school)
    change = ChangeCalendar(school.new_unit, clock, directory)
    uses = {
        "search_qaris": SearchQaris(directory, clock),
        "see_children": SeeChildren(MemoryGuardianQueries()),
        "learner_search": LearnerSearch(memory_units(MemoryStore()), clock),
        "clock": clock,
        "free_slots": FreeSlots(directory, clock),
        "see_calendar": SeeCalendar(school.new_unit, clock, directory),
        "set_weekly_rules": SetWeeklyRules(change),
        "set_override": SetOverride(change, clock),
        "add_time_off": AddTimeOff(change, clock, SequentialIds()),
        "remove_time_off": RemoveTimeOff(change),
        "set_limits": SetLimits(change),
        "set_offers": SetOffers(school.new_unit),
        "set_learner_gender": SetLearnerGender(school.new_unit),
    }
    app = an_app(
        (*CONTROLLERS_MAIN, PublicController), dependencies={name: provided(use) for name, use in uses.items()}
    )
    with TestClient(app, base_url="http://testserver.local") as client:
        yield client


def test_anybody_finds_a_qari_and_his_next_free_slot(client: TestClient[Litestar]) -> None:
    found = client.get("/api/v1/qaris", params={"language": "ur", "gender": "male"}).json()

    assert found["next_cursor"] is None
    assert found["items"][0]["user_id"] == str(QARI)
    assert found["items"][0]["price"] == {"minor": 900, "currency": "USD"}
    assert found["items"][0]["next_free"] == {"start": "2026-03-04T04:00:00Z", "end": "2026-03-04T04:30:00Z"}


@pytest.mark.parametrize(
    "query",
    [
        {"language": "Urdu"},
        {"language": "\x00"},
        {"gender": "x"},
        {"limit": "0"},
        {"max_price": "900"},
        {"currency": "USD"},
        {"max_price": "900", "currency": "ZZZ"},
        {"minutes": "many"},
        {"minutes": "100000"},
        {"max_price": "10000000000000", "currency": "USD"},
        {"order": "rating"},
    ],
)
def test_a_filter_that_is_none_is_refused(client: TestClient[Litestar], query: dict[str, str]) -> None:
    answer = client.get("/api/v1/qaris", params=query)

    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_one_qari(client: TestClient[Litestar]) -> None:
    shown = client.get(f"/api/v1/qaris/{QARI}").json()

    assert shown["name"] == "Yusuf Rahman"
    assert [offer["minutes"] for offer in shown["offers"]] == [30, 60]
    assert client.get("/api/v1/qaris/01980000-0000-7000-8000-00000000ffff").status_code == 404


def test_slots_are_utc_and_listed_under_the_viewers_date(client: TestClient[Litestar]) -> None:  # L10N-05
    query = {"from": "2026-03-03T12:00:00Z", "to": "2026-03-05T00:00:00+00:00", "minutes": "60"}

    karachi = client.get(f"/api/v1/qaris/{QARI}/slots", params=query | {"zone": "Asia/Karachi"}).json()
    angeles = client.get(f"/api/v1/qaris/{QARI}/slots", params=query | {"zone": "America/Los_Angeles"}).json()

    assert (karachi["zone"], karachi["qari_zone"], karachi["minutes"]) == ("Asia/Karachi", "Asia/Karachi", 60)
    assert karachi["days"][0]["date"] == "2026-03-04"
    assert karachi["days"][0]["slots"][0] == {"start": "2026-03-04T04:00:00Z", "end": "2026-03-04T05:00:00Z"}
    assert [day["date"] for day in angeles["days"]] == ["2026-03-03", "2026-03-04"]
    assert [slot for day in angeles["days"] for slot in day["slots"]] == karachi["days"][0]["slots"]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-03-03T12:00:00"},
        {"from": "yesterday"},
        {"zone": "PKT"},
        {"minutes": "45"},
        {"from": "9999-12-31T23:59:59Z"},
        {"from": "2026-03-05T00:00:00Z", "to": "2026-03-04T00:00:00Z"},
    ],
)
def test_a_window_that_is_none_is_refused(client: TestClient[Litestar], query: dict[str, str]) -> None:
    assert client.get(f"/api/v1/qaris/{QARI}/slots", params=query).status_code in (400, 422)


def test_a_qari_sets_his_week(client: TestClient[Litestar]) -> None:
    rules = [
        {"weekday": 2, "hours": {"start": "22:00", "end": "02:00"}},
        {"weekday": 4, "hours": {"start": "00:00", "end": "24:00"}},
    ]

    answer = client.put(AVAILABILITY, json={"rules": rules}, headers=AS_QARI)

    assert answer.status_code == 200, answer.text
    assert answer.json()["rules"] == rules
    assert answer.json() == client.get(AVAILABILITY, headers=AS_QARI).json()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"rules": [{"weekday": 0, "hours": {"start": "09:00", "end": "09:00"}}]}, "bad_time_range"),
        ({"rules": [{"weekday": 0, "hours": {"start": "09:00", "end": "24:01"}}]}, "bad_time_range"),
        ({"rules": [{"weekday": 0, "hours": {"start": "9", "end": "10:00"}}]}, None),
        ({"rules": [{"weekday": 7, "hours": {"start": "09:00", "end": "10:00"}}]}, None),
        ({"rules": [], "zone": "UTC"}, None),
        ({"rules": [{"weekday": 0, "hours": {"start": "09:00", "end": "10:00"}}] * 2}, "overlapping_ranges"),
    ],
)
def test_a_week_that_is_none_is_refused(client: TestClient[Litestar], body: Any, code: str | None) -> None:
    answer = client.put(AVAILABILITY, json=body, headers=AS_QARI)

    assert answer.status_code in (400, 422)
    assert code in (None, answer.json()["code"])


def test_dates_time_off_limits_and_offers(client: TestClient[Litestar]) -> None:
    hours = [{"start": "10:00", "end": "11:00"}]
    set_date = client.put(f"{AVAILABILITY}/overrides/2026-03-04", json={"hours": hours}, headers=AS_QARI)
    assert set_date.json()["overrides"] == [{"day": "2026-03-04", "hours": hours}]
    assert client.delete(f"{AVAILABILITY}/overrides/2026-03-04", headers=AS_QARI).json()["overrides"] == []

    away = {"start": "2026-03-04T00:00:00+05:00", "end": "2026-03-06T00:00:00+05:00", "note": "Umrah"}
    off = client.post(f"{AVAILABILITY}/time-off", json=away, headers=AS_QARI)
    assert off.status_code == 201
    assert off.json()["time_off"][0]["slot"]["start"] == "2026-03-03T19:00:00Z"
    gone = client.delete(f"{AVAILABILITY}/time-off/{off.json()['time_off'][0]['id']}", headers=AS_QARI)
    assert gone.json()["time_off"] == []

    limits = off.json()["limits"] | {"daily_cap": 4}
    assert client.put(f"{AVAILABILITY}/limits", json=limits, headers=AS_QARI).json()["limits"] == limits
    wrong = client.put(f"{AVAILABILITY}/limits", json=limits | {"step_min": 7}, headers=AS_QARI)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_limit")

    offers = [{"minutes": 45, "price": 1500, "currency": "GBP", "trial_price": 0}]
    stored = client.put("/api/v1/my/offers", json={"offers": offers}, headers=AS_QARI)
    assert stored.json()["offers"][0]["trial_price"] == {"minor": 0, "currency": "GBP"}
    assert client.get("/api/v1/my/offers", headers=AS_QARI).json() == stored.json()


def test_who_may_do_what(client: TestClient[Litestar]) -> None:
    assert client.get(AVAILABILITY).status_code == 401
    assert client.get(AVAILABILITY, headers=bearer(STUDENT_TOKEN)).status_code == 403
    said = client.put("/api/v1/my/learner", json={"gender": "female"}, headers=bearer(STUDENT_TOKEN))
    assert said.status_code == 204


def test_whoever_looks_around_gets_each_page_again_as_it_was(client: TestClient[Litestar]) -> None:
    narrowed = [f"/qaris?{query}" for query in ("subject=tajwid", "gender=female", "everyone=1", "price=9", "price=x")]
    of_him = [f"/qaris/{QARI}", f"/qaris/{QARI}?minutes=30&week=2026-03-09"]
    asked = [(path, lang) for path in ("/", "/qaris", *narrowed, *of_him) for lang in ("en", "ar", "ur")]

    def seen(path: str, lang: str) -> str:
        answer = client.get(path, headers={"Accept-Language": lang, "Accept": "text/html"})
        assert answer.status_code == 200, answer.text
        assert f'lang="{lang}"' in answer.text
        return without_proof(answer.text)

    first = {one: seen(*one) for one in asked}
    again = {one: seen(*one) for one in reversed(asked)}

    assert again == first
    assert len(set(first.values())) == len(asked) - 3  # who is nobody's student asks for everyone anyway
    assert str(QARI) in first["/qaris", "en"]


def without_proof(page: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)
