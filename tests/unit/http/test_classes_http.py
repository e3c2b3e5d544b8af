"""A group class over HTTP, as its Qari, a family and the office have it. (LIVE-13)"""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.api import classes as api
from adapters.http.web import classes as web
from adapters.http.web import qari as qari_pages
from adapters.http.web.student.home import PortalController
from adapters.meetings.registry import Registry
from adapters.system import new_id
from application.booking.see_lessons import ListMyLessons, SeeAgenda, SeeDuties
from application.identity.see_family import SeeChildren
from application.oversight.people import SearchPeople
from application.scheduling.class_members import ChangeMembers, MarkAttendance
from application.scheduling.class_times import SeeClassTimes
from application.scheduling.create_meeting import CreateMeeting
from application.scheduling.join_class import JoinClass
from application.scheduling.join_lesson import JoinLesson
from application.scheduling.run_class import ChangeOccurrence, EndClass, OpenClass, PlanClass
from application.scheduling.see_classes import FindOccurrence, ListClasses, SeeClass
from domain.identity.guardianship import Right
from domain.identity.permission import Audience, Role
from domain.scheduling.group_class import Occurrence
from fakes.clock import NOON, FixedClock
from fakes.group_classes import MemoryClassQueries
from fakes.guardians import CHILD, MemoryGuardianQueries, a_clearance, a_guardianship
from fakes.http import an_app, bearer, person, provided, token_of
from fakes.identity import IdentityStore, MemoryPeople, a_user
from fakes.ids import SequentialIds
from fakes.meetings import FakeMeetings, ReversingCipher
from fakes.scheduling import a_calendar, a_qari
from fakes.screens import PreparedLessons
from fakes.unit import MemoryStore
from support.units import memory_units

QARI = person(Audience.MAIN, Role.QARI).user_id
LEARNER = person(Audience.MAIN, Role.STUDENT).user_id
GUARDIAN = person(Audience.MAIN, Role.GUARDIAN).user_id
NAMES = {QARI: "Yusuf", LEARNER: "Idris", CHILD: "Aisha", GUARDIAN: "Khadija"}
CLASS = UUID(int=0x01980000_0000_7000_A000_000000000001)
PLAN = {
    "class_id": str(CLASS),
    "qari_id": str(QARI),
    "title": "Tajwid for beginners",
    "subject": "tajwid",
    "first_date": "2026-10-12",
    "wall": "18:00",
    "weeks": "1",
    "minutes": "45",
    "capacity": "2",
    "day0": "on",
    "day2": "on",
}
HERE = f"/classes/{CLASS}"


class Place:
    def __init__(self) -> None:
        self.store, people, self.clock = MemoryStore(), IdentityStore(), FixedClock(NOON)
        roles = {QARI: Role.QARI, LEARNER: Role.STUDENT, CHILD: Role.STUDENT, GUARDIAN: Role.GUARDIAN}
        born = {CHILD: NOON.date() - timedelta(days=3000)}
        for number, (user_id, name) in enumerate(NAMES.items()):
            fields = {"number": number, "id": user_id, "name": name, "roles": frozenset({roles[user_id]})}
            user = a_user(**(fields | ({"birth_date": born[user_id]} if user_id in born else {})))
            self.store.shelf("users")[user_id] = people.users[user_id] = user
        self.store.shelf("qaris")[QARI] = a_qari(user_id=QARI, name="Yusuf")
        self.store.shelf("calendars")[QARI] = a_calendar(qari_id=QARI)
        clearance, guardianship = a_clearance(qari_id=QARI), a_guardianship(guardian_id=GUARDIAN)
        self.store.shelf("clearances")[clearance.id] = clearance
        self.store.shelf("guardianships")[guardianship.id] = guardianship
        units, ids, cipher = memory_units(self.store), SequentialIds(), ReversingCipher()
        rooms = Registry([FakeMeetings()])
        create = CreateMeeting(units, self.clock, ids, rooms, cipher)
        self.parts: dict[str, Any] = {
            "list_classes": ListClasses(units),
            "see_class": SeeClass(units, self.clock),
            "find_occurrence": FindOccurrence(units),
            "plan_class": PlanClass(units, self.clock),
            "open_class": OpenClass(units, self.clock, new_id),
            "end_class": EndClass(units, self.clock),
            "change_occurrence": ChangeOccurrence(units, self.clock),
            "change_members": ChangeMembers(units, self.clock),
            "mark_attendance": MarkAttendance(units, self.clock),
            "join_class": JoinClass(units, self.clock, create, JoinLesson(units, self.clock, create, rooms, cipher)),
            "search_people": SearchPeople(MemoryPeople(people)),
            "new_id": new_id,
            "clock": self.clock,
            "list_my_lessons": ListMyLessons(PreparedLessons(), self.clock, MemoryGuardianQueries(self.store)),
            "see_children": SeeChildren(MemoryGuardianQueries(self.store)),
            "see_agenda": SeeAgenda(PreparedLessons()),
            "see_duties": SeeDuties(PreparedLessons(), self.clock),
            "see_my_earnings": None,
            "see_class_times": SeeClassTimes(MemoryClassQueries(self.store.shelf), MemoryGuardianQueries(self.store)),
        }
        self._apps: dict[Audience, Litestar] = {}

    def open(self, role: Role, *, audience: Audience = Audience.MAIN) -> TestClient[Litestar]:
        main = audience is Audience.MAIN
        ahead = (PortalController, *qari_pages.CONTROLLERS_MAIN)
        pages = (*web.CONTROLLERS_MAIN, *ahead) if main else web.CONTROLLERS_ADMIN
        calls = api.CONTROLLERS_MAIN if main else api.CONTROLLERS_ADMIN
        if audience not in self._apps:
            self._apps[audience] = an_app(
                [*pages, *calls],
                audience=audience,
                development=True,
                dependencies={name: provided(part) for name, part in self.parts.items()},
            )
        client = TestClient(self._apps[audience])
        client.headers.update(bearer(token_of(audience, role)) | {"accept": "text/html"})
        return client

    def office(self, role: Role = Role.ADMIN) -> TestClient[Litestar]:
        return self.open(role, audience=Audience.ADMIN)

    @property
    def times(self) -> list[Occurrence]:
        found: list[Occurrence] = list(self.store.shelf("class_occurrences").values())
        return sorted(found, key=lambda each: each.index)

    def opened(self) -> list[Occurrence]:
        """By the office, with a grown-up learner and a child."""
        with self.office() as client:
            client.post("/classes", data=PLAN)
            for learner_id in (LEARNER, CHILD):
                client.post(f"{HERE}/members", data={"learner_id": str(learner_id)})
            client.post(f"{HERE}/open")
        return self.times


@pytest.fixture
def place() -> Place:
    return Place()


def test_the_office_plans_a_class_gives_places_and_opens_it(place: Place) -> None:
    with place.office() as client:
        found = client.get("/classes?qari=yus").text
        draft = client.post("/classes", data=PLAN).text
        learners = client.get(f"{HERE}?learner=idr").text
        added = client.post(f"{HERE}/members", data={"learner_id": str(LEARNER)}).text
        child = client.post(f"{HERE}/members", data={"learner_id": str(CHILD)}).text
        full = client.post(f"{HERE}/members", data={"learner_id": str(GUARDIAN)}).text
        opened = client.post(f"{HERE}/open").text

    assert ">Yusuf</option>" in found
    assert "Nobody's time is taken yet" in unescape(draft)
    assert ">Idris</option>" in learners
    assert "Added to the class." in added
    assert "2 of 2 places are taken." in child
    assert "the class is full" in full.casefold()
    assert "Its times are kept." in opened
    assert len(place.times) == 2


def test_its_qari_and_its_learners_see_it_and_nobody_else(place: Place) -> None:
    place.opened()
    with place.open(Role.QARI) as client:
        qari = client.get(HERE).text
        assert "Tajwid for beginners" in client.get("/classes").text
    with place.open(Role.STUDENT) as client:
        learner = client.get(HERE).text
    with place.open(Role.GUARDIAN) as client:
        guardian = client.get(HERE).text
        assert "Tajwid for beginners" in client.get("/classes").text
        place.store.shelf("guardianships").clear()
        assert client.get(HERE).status_code == 404
        assert "Tajwid for beginners" not in client.get("/classes").text

    assert ("Idris" in qari, "Aisha" in qari, "Cancel this time" in qari) == (True, True, True)
    assert ("Idris" in learner, "Aisha" in learner, "Cancel this time" in learner) == (True, False, False)
    assert ("Idris" in guardian, "Aisha" in guardian) == (False, True)


@pytest.mark.parametrize("role", [Role.STUDENT, Role.GUARDIAN, Role.QARI])
def test_the_door_opens_for_those_in_it_shortly_before_it_begins(place: Place, role: Role) -> None:
    first, *_ = place.opened()
    door = f"/classes/times/{first.id}/join"
    with place.open(role) as client:
        client.follow_redirects = False
        early = client.get(door)
        place.clock.set(first.slot.start - timedelta(minutes=5))
        shown, opened = client.get(HERE).text, client.get(door)
        entry = client.post(f"/api/v1{door}").json()

    assert early.headers["location"].startswith(HERE)
    assert door in unescape(shown)
    assert opened.headers["location"].startswith("https://")
    assert opened.headers["cache-control"] == "no-store"
    assert entry["leads"] is (role is Role.QARI)


@pytest.mark.parametrize(
    ("role", "pages", "way_in"),
    [
        (Role.STUDENT, ("/portal", "/portal/lessons"), "Join the class"),
        (Role.GUARDIAN, ("/portal", "/portal/lessons"), "Join the class"),
        (Role.QARI, ("/qari", "/qari/calendar"), "Start the class"),
    ],
)
def test_a_class_stands_where_one_looks_for_ones_lessons(
    place: Place, role: Role, pages: tuple[str, str], way_in: str
) -> None:
    first, second = place.opened()
    place.clock.set(first.slot.start - timedelta(hours=2))
    with place.open(role) as client:
        early = [unescape(client.get(address).text) for address in pages]
        place.clock.set(first.slot.start - timedelta(minutes=5))
        due = [unescape(client.get(address).text) for address in pages]
        with place.office() as office:
            for occurrence in (first, second):
                office.post(f"/classes/times/{occurrence.id}/cancel", data={"reason": "Ill"})
        off = [unescape(client.get(address).text) for address in pages]

    door = f"/classes/times/{first.id}/join"
    assert all("Tajwid for beginners" in page and way_in not in page for page in early)
    assert all(door in page and way_in in page for page in due)
    assert all(("for Aisha" in page) is (role is Role.GUARDIAN) for page in due)
    assert not any("Tajwid for beginners" in page for page in off)


def test_an_empty_list_says_to_each_how_it_fills(place: Place) -> None:
    with place.open(Role.STUDENT) as client:
        learner = client.get("/classes").text
    with place.office(Role.SUPPORT) as client:
        support = client.get("/classes").text
    with place.office() as client:
        admin = client.get("/classes").text

    assert "gives you a place in a class" in learner
    assert "When a Qari or the office plans a class, it is here." in support
    assert "Plan the first one below." in admin


def test_a_guardian_without_the_right_to_join_stays_outside(place: Place) -> None:
    first, *_ = place.opened()
    shelf = place.store.shelf("guardianships")
    shelf.clear()
    looks_on = a_guardianship(guardian_id=GUARDIAN, rights=frozenset({Right.SEE}), of_record=False)
    shelf[looks_on.id] = looks_on
    place.clock.set(first.slot.start)

    with place.open(Role.GUARDIAN) as client:
        assert client.get(HERE).status_code == 200
        assert client.post(f"/api/v1/classes/times/{first.id}/join").status_code == 404


def test_one_time_is_moved_and_one_cancelled_and_the_rest_ended(place: Place) -> None:
    first, second = place.opened()
    with place.open(Role.QARI) as client:
        moved = client.post(f"/classes/times/{first.id}/move", data={"starts_at": "2026-10-13T20:00"}).text
        wrong = client.post(f"/classes/times/{first.id}/move", data={"starts_at": "soon"}).text
        off = client.post(f"/classes/times/{second.id}/cancel", data={"reason": "Ill"}).text
        silent = client.post(f"{HERE}/cancel", data={"reason": " "}).text
        ended = client.post(f"{HERE}/cancel", data={"reason": "Gone"}).text

    assert place.times[0].slot.start == datetime(2026, 10, 13, 15, tzinfo=UTC)  # by the Qari's clock
    assert "Moved. The learners are told." in moved
    assert "Choose a day and a time." in wrong
    assert "Cancelled this time." in off
    assert "say why the class is cancelled" in silent.casefold()
    assert "Its learners are told." in ended
    assert not any(each.stands for each in place.times)


def test_the_qari_says_who_was_there(place: Place) -> None:
    first, *_ = place.opened()
    address, marks = f"/classes/times/{first.id}/attendance", {f"m{LEARNER}": "late", f"m{CHILD}": ""}
    with place.open(Role.QARI) as client:
        early = client.post(address, data=marks).text
        place.clock.set(first.slot.start + timedelta(minutes=1))
        saved = client.post(address, data=marks).text
        wrong = client.post(address, data={f"m{LEARNER}": "asleep"}).text
        over_api = client.put(f"/api/v1{address}", json={"marks": {str(CHILD): "present"}})
        shown = client.get(f"/api/v1{HERE}").json()
    with place.open(Role.STUDENT) as client:
        own = client.get(HERE).text

    assert "once the class has begun" in early
    assert "Saved." in saved
    assert "Choose from the list." in wrong
    assert over_api.status_code == 204
    assert {member["name"]: member["marks"] for member in shown["members"]} == {
        "Idris": {str(first.id): "late"},
        "Aisha": {str(first.id): "present"},
    }
    assert "Late" in own
    assert "Present" not in own


def test_support_sees_a_class_and_changes_nothing(place: Place) -> None:
    first, *_ = place.opened()
    before = {name: dict(place.store.shelf(name)) for name in ("classes", "class_occurrences", "class_members")}
    with place.office(Role.SUPPORT) as client:
        shown = client.get(HERE).text
        assert "Plan a class" not in client.get("/classes").text
        refused = {
            client.post(address, data=given).status_code
            for address, given in (
                ("/classes", PLAN),
                (f"{HERE}/open", {}),
                (f"{HERE}/cancel", {"reason": "no"}),
                (f"{HERE}/members", {"learner_id": str(LEARNER)}),
                (f"{HERE}/members/remove", {"learner_id": str(LEARNER)}),
                (f"/classes/times/{first.id}/cancel", {"reason": "no"}),
                (f"/classes/times/{first.id}/move", {"starts_at": "2026-10-13T20:00"}),
            )
        }
        refused.add(client.delete(f"/api/v1{HERE}/members/{LEARNER}").status_code)

    assert "Tajwid for beginners" in shown
    assert "Cancel this time" not in shown
    assert refused == {403}
    assert before == {name: dict(place.store.shelf(name)) for name in before}


def test_a_program_does_what_the_pages_do(place: Place) -> None:
    plan = {
        "id": str(CLASS),
        "qari_id": str(QARI),
        "title": "Tajwid",
        "subject": "tajwid",
        "first_date": "2026-10-12",
        "wall": "18:00:00",
        "weekdays": [0, 2],
        "weeks": 1,
        "minutes": 45,
        "capacity": 1,
    }
    with place.office() as client:
        planned = client.post("/api/v1/classes", json=plan)
        again = client.post("/api/v1/classes", json=plan)
        client.put(f"/api/v1{HERE}/members/{LEARNER}")
        full = client.put(f"/api/v1{HERE}/members/{CHILD}")
        opened = client.post(f"/api/v1{HERE}/open")
        first, second = place.times
        moved = client.post(f"/api/v1/classes/times/{first.id}/move", json={"starts_at": "2026-10-13T15:00:00Z"}).json()
        off = client.post(f"/api/v1/classes/times/{second.id}/cancel", json={"reason": "Eid"}).json()
        gone = client.delete(f"/api/v1{HERE}/members/{LEARNER}")
        ended = client.post(f"/api/v1{HERE}/cancel", json={"reason": "Over"}).json()

    assert planned.json() == again.json()
    assert (full.status_code, full.json()["code"]) == (409, "class_full")
    assert opened.json()["status"] == "open"
    assert (moved["moved"], off["status"], gone.status_code) == (True, "cancelled", 204)
    assert (ended["status"], ended["reason"]) == ("cancelled", "Over")
