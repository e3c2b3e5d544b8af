"""The office sets who holds live classes, and sees who came to one. (LIVE-01, LIVE-09, LIVE-10)"""

from html import unescape
from typing import Any
from uuid import UUID

from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.web.admin.bookings import AdminBookingsController
from adapters.http.web.admin.meeting_hosts import AdminMeetingHostsController
from adapters.meetings.registry import Registry
from application.booking.see_lessons import SeeLesson
from application.scheduling.meeting_hosts import (
    AddMeetingHost,
    ChooseMeetingProvider,
    FindQari,
    SeeMeetingHosts,
    SwitchMeetingHost,
)
from application.scheduling.see_attendance import SeeAttendance
from domain.identity.permission import Audience, Role
from domain.ids import MeetingHostId, UserId
from domain.scheduling.meeting import Click, Sighting
from domain.scheduling.meeting_host import MeetingHost
from domain.scheduling.meeting_server import Service
from fakes.guardians import MemoryGuardianQueries
from fakes.http import NOON, StandingClock, an_app, bearer, provided, token_of
from fakes.identity import IdentityStore, MemoryPeople, a_user
from fakes.ids import SequentialIds
from fakes.meetings import FakeMeetings
from fakes.scheduling import a_qari
from fakes.screens import PreparedLessons, a_lesson
from fakes.unit import MemoryStore, MemoryUnit

YUSUF = a_user(number=52, name="Yusuf", roles=frozenset({Role.QARI}))
HOST = MeetingHost(
    id=MeetingHostId(UUID(int=7)),
    provider=Service.ZOOM,
    account="school",
    address="host-1@school.example",
    active=True,
    created_at=NOON,
)


class Office:
    def __init__(self) -> None:
        self.store, people = MemoryStore(), IdentityStore()
        for user in (YUSUF, a_user(number=53, name="Idris", roles=frozenset({Role.QARI})), a_user(number=51)):
            people.users[user.id] = user
        self.store.shelf("qaris")[YUSUF.id] = a_qari(user_id=YUSUF.id)
        self.store.shelf("meeting_hosts")[HOST.id] = HOST
        self.people, self.lessons = MemoryPeople(people), PreparedLessons()

    def _unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    def open(self, role: Role = Role.ADMIN) -> TestClient[Litestar]:
        offered = Registry([FakeMeetings(), FakeMeetings("zoom", needs_host=True)])
        parts: dict[str, Any] = {
            "see_meeting_hosts": SeeMeetingHosts(self._unit, StandingClock(), offered, self.people),
            "find_qari": FindQari(self.people),
            "add_meeting_host": AddMeetingHost(self._unit, StandingClock(), SequentialIds(), offered),
            "switch_meeting_host": SwitchMeetingHost(self._unit),
            "choose_meeting_provider": ChooseMeetingProvider(self._unit, offered),
            "see_lesson": SeeLesson(self.lessons, MemoryGuardianQueries()),
            "see_attendance": SeeAttendance(self._unit, self.people),
        }
        app = an_app(
            [AdminMeetingHostsController, AdminBookingsController],
            audience=Audience.ADMIN,
            development=True,
            dependencies={name: provided(part) for name, part in parts.items()},
        )
        client = TestClient(app)
        client.headers.update(bearer(token_of(Audience.ADMIN, role)) | {"accept": "text/html"})
        return client


def test_a_qari_is_chosen_by_name_and_his_provider_taken_back() -> None:
    office = Office()

    with office.open() as client:
        everybody = client.get("/meeting-hosts").text
        found = client.get("/meeting-hosts?qari=yus").text
        nobody = client.get("/meeting-hosts?qari=xyz").text
        chosen = client.post("/meeting-hosts/choices", data={"qari": str(YUSUF.id), "provider": "zoom"}).text
        client.post("/meeting-hosts/choices", data={"qari": str(YUSUF.id), "provider": ""})
        mistaken = client.post("/meeting-hosts/choices", data={"qari": "Yusuf", "provider": "zoom"}).text

    assert everybody.index(">Idris</option>") < everybody.index(">Yusuf</option>")
    assert (">Yusuf</option>" in found, ">Idris</option>" in found) == (True, False)
    assert "No Qari of that name" in nobody
    assert f'<a href="/people/{YUSUF.id}"><bdi>Yusuf</bdi></a>' in chosen
    assert "Choose a Qari." in mistaken
    assert not office.store.shelf("meeting_choices")


def test_a_host_is_added_once_and_switched_off() -> None:
    office = Office()
    wanted = {"account": "school", "address": "host-2@school.example"}

    with office.open() as client:
        added = client.post("/meeting-hosts", data=wanted).text
        again = client.post("/meeting-hosts", data=wanted).text
        client.post(f"/meeting-hosts/{HOST.id}", data={"active": "no"})

    assert "host-2@school.example" in added
    assert "on the list already" in again
    assert [host.active for host in office.store.shelf("meeting_hosts").values()] == [False, True]


def test_who_only_looks_is_shown_no_names_to_choose_from() -> None:
    with Office().open(Role.SUPPORT) as client:
        page = client.get("/meeting-hosts").text

    assert "host-1@school.example" in page
    assert "Idris" not in page
    assert "<select" not in page


def test_a_lesson_shows_who_came_and_from_whom_that_is_known() -> None:  # LIVE-09
    office = Office()
    lesson = a_lesson()
    office.lessons = PreparedLessons(lesson)
    office.store.shelf("clicks")[0] = Click(booking_id=lesson.id, user_id=UserId(YUSUF.id), at=NOON)
    for number, (name, came) in enumerate([("iPad <b>", True), ("", False)]):
        office.store.shelf("sightings")[number] = Sighting(
            booking_id=lesson.id, key=f"k{number}", name=name, came=came, at=NOON.replace(minute=number + 1)
        )

    with office.open(Role.SUPPORT) as client:
        page = client.get(f"/bookings/{lesson.id}").text

    rows = [" ".join(unescape(row).split()) for row in page.split("Who came")[1].split("<tr>")[2:]]
    assert [("Yusuf" in rows[0], "Entered from our page" in rows[0])] == [(True, True)]
    assert "<bdi>iPad <b></bdi>" in rows[1]
    assert "&lt;b&gt;" in page
    assert "Seen coming by the provider" in rows[1]
    assert "somebody without a name" in rows[2]
    assert "Seen leaving by the provider" in rows[2]
