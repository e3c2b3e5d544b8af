"""Google where people meet it: a school that is shut out, a Qari who connects his calendar. (LIVE-02, DISC-06)"""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest

from adapters.calendars.google import GoogleBusy, GoogleConsent
from adapters.calendars.ours import lessons_of
from adapters.http.api.calendars import MyCalendarsController
from adapters.http.web.qari_calendars import QariCalendarsController
from adapters.meetings.google_meet import GoogleMeetings
from adapters.meetings.registry import Registry
from adapters.outgoing.troubles import Troubles
from application.notification.notify import NotifyOnEvent
from application.scheduling.change_meeting import MoveMeeting
from application.scheduling.check_access import CheckAccess
from application.scheduling.connect_calendar import (
    ChangeCalendarConnection,
    ConnectCalendar,
    LeaveForConsent,
    ListCalendars,
)
from application.scheduling.create_meeting import CreateMeeting
from application.scheduling.join_lesson import JoinLesson, JoinLessonCommand
from application.scheduling.read_calendars import ReadCalendar
from application.scheduling.sweep_meetings import SweepMeetings
from application.scheduling.tidy_meetings import TidyMeetings
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import EventId, UserId
from domain.notification.topic import Topic
from domain.scheduling.connection import Source, Status
from domain.scheduling.meeting import Status as MeetingStatus
from domain.scheduling.meeting_events import ClassMoved
from domain.scheduling.meeting_server import MEETINGS, MeetingServer, Service
from fakes.booking import LEARNER, a_confirmed
from fakes.clock import NOON, FixedClock
from fakes.http import StandingClock, an_app, bearer, person, provided, token_of
from fakes.identity import a_user
from fakes.ids import SequentialIds
from fakes.meetings import FakeMeetings, ReversingCipher
from fakes.notification import RecordingWakeup
from fakes.scheduling import QARI, a_calendar, a_qari
from fakes.unit import MemoryStore, MemoryUnit
from support.family import put_policy
from support.google import a_service, an_account, no_wait
from support.oracles import Oracle, google_oracle

pytestmark = pytest.mark.slow
PAGE: Final = "/qari/calendars"
ME: Final = person(Audience.MAIN, Role.QARI).user_id
HERE: Final = "http://testserver.local"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with google_oracle(tmp_path_factory.mktemp("google")) as oracle:
        yield oracle


@pytest.fixture
def oracle(running: Oracle) -> Iterator[Oracle]:
    running.admin("reset")
    yield running
    assert running.violations() == []


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        yield client


async def test_a_leave_taken_back_is_seen_by_staff_and_costs_no_lesson(
    oracle: Oracle, client: httpx.AsyncClient
) -> None:
    # LIVE-02, LIVE-12
    store, clock, cipher, troubles = MemoryStore(), FixedClock(NOON), ReversingCipher(), Troubles()

    def unit() -> MemoryUnit:
        return MemoryUnit(store)

    async def until(moment: timedelta) -> None:
        while clock.now() < NOON + moment:
            clock.advance(minutes=5)
            await check()
            await sweep()

    meet = GoogleMeetings(an_account(), a_service(client, oracle.url), no_wait)
    houses, new_id = Registry([FakeMeetings(), meet]), SequentialIds()
    create = CreateMeeting(unit, clock, new_id, houses, cipher)
    move = MoveMeeting(unit, clock, new_id, houses, cipher, create)
    sweep = SweepMeetings(unit, clock, create, move, TidyMeetings(unit, houses, cipher))
    check = CheckAccess({"google/school": meet.check}, troubles)
    notify = NotifyOnEvent(unit, clock, RecordingWakeup(), False)
    for who in (LEARNER, QARI):
        store.shelf("users")[who] = a_user(id=who, email=f"{who.hex}@example.org")
    early, late = (a_confirmed(number=number, start=NOON + timedelta(hours=2 * number)) for number in (1, 2))
    store.shelf("bookings").update({early.id: early, late.id: late})
    await put_policy(unit, MEETINGS, MeetingServer(provider=Service.GOOGLE_MEET))

    await until(timedelta(hours=1))  # the first one has its class by now
    oracle.admin("revoke_refresh", all=True)
    oracle.admin("expire_tokens", all=True)
    await until(timedelta(hours=1, minutes=5))

    assert troubles.resting == {"google/school/access"}  # more than an hour and a half before a lesson is hit
    assert late.id not in store.shelf("meetings")

    await until(timedelta(hours=3, minutes=50))  # ten minutes before the second one

    held = {lesson: store.shelf("meetings")[lesson] for lesson in (early.id, late.id)}
    assert [(one.provider, one.status) for one in held.values()] == [
        ("google_meet", MeetingStatus.READY),
        ("jitsi", MeetingStatus.READY),
    ]
    join = JoinLesson(unit, clock, create, houses, cipher)
    for who, role in ((LEARNER, Role.STUDENT), (QARI, Role.QARI)):
        actor = Actor(user_id=who, role=role, audience=Audience.MAIN)
        assert (await join(actor, JoinLessonCommand(booking_id=late.id))).url.startswith("https://meet.example/")

    moved = [event for event in store.events if isinstance(event, ClassMoved)]
    assert [event.booking_id for event in moved] == [late.id]
    for _ in range(2):  # whoever is told of an event may be told twice
        await notify(EventId(UUID(int=900)), moved[0])
    mails = [one for one in store.shelf("deliveries").values() if one.topic is Topic.CLASS_MOVED]
    by_mail = sorted(one.recipient_id for one in mails if one.channel == "email")
    assert by_mail == sorted([LEARNER, QARI])


async def test_a_school_that_is_let_in_again_is_in_no_trouble(oracle: Oracle, client: httpx.AsyncClient) -> None:
    # LIVE-02
    troubles = Troubles()
    meet = GoogleMeetings(an_account(), a_service(client, oracle.url), no_wait)
    check = CheckAccess({"google/school": meet.check}, troubles)
    oracle.admin("revoke_refresh", all=True)

    shut = await check()
    oracle.admin("reset")

    assert (shut, await check(), troubles.resting) == (1, 0, frozenset())


class Desk:
    """A Qari's pages and the API, over Google's stand-in."""

    def __init__(self, oracle: Oracle, client: httpx.AsyncClient) -> None:
        self.store, clock, cipher = MemoryStore(), StandingClock(), ReversingCipher()
        self.store.shelf("qaris")[ME] = a_qari(user_id=ME)
        self.store.shelf("calendars")[ME] = a_calendar(qari_id=ME)
        service = a_service(client, oracle.url)
        consent = GoogleConsent(an_account(), service)
        sources: Any = {Source.GOOGLE: GoogleBusy(an_account(), service, lessons_of("halaqa.example"))}
        read = ReadCalendar(self._unit, clock, cipher, sources)
        parts: dict[str, Any] = {
            "clock": clock,
            "calendar_consent": consent,
            "list_calendars": ListCalendars(self._unit),
            "leave_for_consent": LeaveForConsent(clock, cipher, consent),
            "connect_calendar": ConnectCalendar(self._unit, clock, SequentialIds(), cipher, sources, consent, read),
            "change_connection": ChangeCalendarConnection(self._unit, clock, cipher, sources, read),
        }
        app: Any = an_app(
            [QariCalendarsController, MyCalendarsController],
            development=True,
            dependencies={name: provided(part) for name, part in parts.items()},
        )
        headers = {"accept": "text/html", **bearer(token_of(Audience.MAIN, Role.QARI))}
        self.browser = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE, headers=headers)

    def _unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    def mine(self) -> list[Any]:
        return [one for one in self.store.shelf("connections").values() if one.stands]

    async def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        answer = await self.browser.request(method, path, **given)
        return await self.browser.get(answer.headers["location"]) if answer.status_code == 303 else answer


@pytest.fixture
async def desk(oracle: Oracle, client: httpx.AsyncClient) -> AsyncIterator[Desk]:
    found = Desk(oracle, client)
    async with found.browser:
        yield found


async def to_google_and_back(desk: Desk, client: httpx.AsyncClient) -> str:
    """The address that Google sends the browser to."""
    leaving = await desk.browser.get(f"{PAGE}/google")
    assert leaving.status_code == 303
    asked = parse_qs(urlsplit(leaving.headers["location"]).query)
    assert asked["redirect_uri"] == [f"{HERE}{PAGE}/google/callback"]
    assert asked["code_challenge_method"] == ["S256"]
    answer = await client.get(leaving.headers["location"])
    return str(answer.headers["location"])


async def test_a_qari_connects_his_calendar_sees_it_and_takes_it_away(desk: Desk, client: httpx.AsyncClient) -> None:
    # DISC-06
    back = await to_google_and_back(desk, client)
    page = await desk.ask("GET", back)
    (connected,) = desk.mine()

    assert "The calendar is connected." in page.text
    assert "Up to date" in page.text
    assert (connected.status, connected.error) == (Status.CONNECTED, "")
    assert b"refresh" not in (connected.sealed or b"")

    strict = await desk.ask("POST", f"{PAGE}/{connected.id}/strict", data={"strict": "yes"})
    again = await desk.ask("POST", f"{PAGE}/{connected.id}/read")
    assert "Let people book me even then" in strict.text
    assert "It has been read." in again.text

    json = {"accept": "application/json"}
    api = (await desk.browser.get("/api/v1/my/calendars", headers=json)).json()["items"]
    assert [(one["source"], one["strict"], one["stale"], one["status"]) for one in api] == [
        ("google", True, False, "connected")
    ]
    loose = await desk.browser.patch(f"/api/v1/my/calendars/{connected.id}", json={"strict": False}, headers=json)
    assert loose.json()["strict"] is False

    gone = await desk.ask("POST", f"{PAGE}/{connected.id}/remove")
    assert "No other calendar is connected." in gone.text
    missing = await desk.browser.delete(f"/api/v1/my/calendars/{connected.id}", headers=json)
    assert (missing.status_code, desk.mine()) == (404, [])


async def test_what_was_not_begun_in_this_browser_connects_nothing(desk: Desk, client: httpx.AsyncClient) -> None:
    back = await to_google_and_back(desk, client)

    forged = await desk.ask("GET", back.replace("state=", "state=x"))
    code_alone = await desk.ask("GET", f"{PAGE}/google/callback?code=stolen")
    await to_google_and_back(desk, client)
    refused = await desk.ask("GET", f"{PAGE}/google/callback?error=access_denied")

    for page in (forged, code_alone, refused):
        assert "start again" in page.text
    assert desk.mine() == []


async def test_a_leave_taken_back_is_shown_and_given_again(
    desk: Desk, client: httpx.AsyncClient, oracle: Oracle
) -> None:
    # DISC-06, LIVE-02
    await desk.ask("GET", await to_google_and_back(desk, client))
    (connected,) = desk.mine()
    oracle.admin("revoke_refresh", all=True)
    oracle.admin("expire_tokens", all=True)

    lost = await desk.ask("POST", f"{PAGE}/{connected.id}/read")
    assert "It could not be read." in lost.text
    assert "We are not let in any more." in lost.text

    oracle.admin("reset")
    found = await desk.ask("GET", await to_google_and_back(desk, client))

    assert "Up to date" in found.text
    assert [(one.id, one.status) for one in desk.mine()] == [(UserId(connected.id), Status.CONNECTED)]
