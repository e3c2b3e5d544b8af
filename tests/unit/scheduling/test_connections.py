"""A Qari's other calendars: read over and over, told once when they cannot be, gone at once when removed. (DISC-06)"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from application.scheduling.check_access import CheckAccess
from application.scheduling.connect_calendar import ChangeCalendarConnection, ConnectCalendar, LeaveForConsent
from application.scheduling.read_calendars import ReadCalendar, ReadCalendars
from domain.errors import Conflict, Invalid, NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.identity.provider import BadState, ProviderRefused
from domain.ids import UserId
from domain.scheduling.connection import EVERY, Connection, Source, Status
from domain.scheduling.connection_events import CalendarUnread
from domain.scheduling.slots import Reason, why_not
from domain.time import TimeSlot
from fakes.clock import FixedClock
from fakes.connections import FakeConsent, FakeSource, busy
from fakes.ids import SequentialIds
from fakes.meetings import ReversingCipher
from fakes.scheduling import QARI, a_calendar, a_qari
from fakes.unit import MemoryStore, MemoryUnit
from ports.errors import GatewayRefused, GatewayUnavailable
from ports.scheduling.connections import AccessLost, BusyRead

NOON: Final = datetime(2026, 7, 15, 6, tzinfo=UTC)
LUNCH: Final = TimeSlot.lasting(NOON + timedelta(hours=2), 60)
FEED: Final = "https://calendar.example/secret.ics"
READ: Final = BusyRead(parts=[busy("lunch", LUNCH)], whole=True, cursor="one", label="Family")
ACTOR: Final = Actor(user_id=QARI, role=Role.QARI, audience=Audience.MAIN)
OTHER: Final = Actor(user_id=UserId(UUID(int=77)), role=Role.QARI, audience=Audience.MAIN)


class Desk:
    """All use cases on one store; ``later`` lets time pass."""

    def __init__(self, *answers: Any, consent: FakeConsent | None = None) -> None:
        self.store, self.clock, self.cipher = MemoryStore(), FixedClock(NOON), ReversingCipher()
        self.store.shelf("qaris")[QARI] = a_qari()
        self.store.shelf("calendars")[QARI] = a_calendar()
        self.source = FakeSource(*(answers or (READ,)))
        sources = {Source.ICS: self.source, Source.GOOGLE: self.source}
        self.consent = consent or FakeConsent()
        self.actor, self.other = ACTOR, OTHER
        units, ids = (lambda: MemoryUnit(self.store)), SequentialIds(500)
        self.read = ReadCalendar(units, self.clock, self.cipher, sources)
        self.sweep = ReadCalendars(units, self.clock, self.read)
        self.connect = ConnectCalendar(units, self.clock, ids, self.cipher, sources, self.consent, self.read)
        self.change = ChangeCalendarConnection(units, self.clock, self.cipher, sources, self.read)
        self.leave = LeaveForConsent(self.clock, self.cipher, self.consent)

    @property
    def told(self) -> list[CalendarUnread]:
        return [event for event in self.store.events if isinstance(event, CalendarUnread)]

    @property
    def times(self) -> list[TimeSlot]:
        return [slot for _, slot in self.store.shelf("external_busy").values()]

    @property
    def kept(self) -> Connection:
        (found,) = self.store.shelf("connections").values()
        assert isinstance(found, Connection)
        return found

    def later(self, by: timedelta) -> None:
        self.clock.advance(by)


async def test_a_connected_calendar_takes_its_times_from_the_slots() -> None:
    desk = Desk()

    connection = await desk.connect.by_address(desk.actor, f" {FEED} ")

    async with MemoryUnit(desk.store) as unit:
        taken = await unit.availability.busy(QARI, LUNCH)
        found = why_not(await unit.availability.get(QARI), taken, LUNCH, NOON)
    assert found is not None
    assert found.reason is Reason.TAKEN
    assert (connection.label, connection.status) == ("Family", Status.CONNECTED)
    assert FEED.encode() not in (desk.kept.sealed or b"")


async def test_what_is_new_there_counts_within_five_minutes() -> None:
    # DISC-06's acceptance: the sweep runs each minute
    desk = Desk(READ, READ, BusyRead(parts=[busy("tea", TimeSlot.lasting(NOON, 30))], whole=False, cursor="two"))
    await desk.connect.by_address(desk.actor, FEED)

    minutes = 0
    while len(desk.times) == 1:
        desk.later(timedelta(minutes=1))
        minutes += 1
        await desk.sweep()

    assert minutes <= 4
    assert timedelta(minutes=4) > EVERY
    assert desk.source.asked[-1] == (FEED, "one")


async def test_a_calendar_that_does_not_answer_is_told_of_once_and_goes_on_counting() -> None:
    desk = Desk(READ, READ, GatewayUnavailable("calendar", "down"))
    await desk.connect.by_address(desk.actor, FEED)

    for _ in range(90):
        desk.later(timedelta(minutes=1))
        await desk.sweep()

    assert [(event.lost, event.qari_id) for event in desk.told] == [(False, QARI)]
    assert desk.times == [LUNCH]
    assert desk.kept.is_stale(desk.clock.now())
    desk.source.answers = [READ]
    desk.later(timedelta(minutes=11))
    await desk.sweep()
    assert not desk.kept.is_stale(desk.clock.now())
    assert desk.kept.told_at is None


async def test_a_leave_that_was_taken_back_is_told_at_once_and_not_tried_again() -> None:
    # LIVE-02
    desk = Desk(READ, READ, AccessLost("google", "revoked", "invalid_grant"))
    await desk.connect.by_address(desk.actor, FEED)

    for _ in range(30):
        desk.later(timedelta(minutes=1))
        await desk.sweep()

    assert [event.lost for event in desk.told] == [True]
    assert (desk.kept.status, desk.kept.error) == (Status.LOST, "invalid_grant")
    assert len(desk.source.asked) == 3


async def test_the_qari_can_have_it_tried_again() -> None:
    desk = Desk(READ, READ, AccessLost("google", "revoked", "invalid_grant"), READ)
    connection = await desk.connect.by_address(desk.actor, FEED)
    desk.later(timedelta(minutes=4))
    await desk.sweep()

    again = await desk.change.read_now(desk.actor, connection.id)

    assert (again.status, again.error) == (Status.CONNECTED, "")


async def test_one_refusal_is_not_the_end() -> None:
    desk = Desk(READ, READ, GatewayRefused("calendar", "odd", "418"), READ)
    await desk.connect.by_address(desk.actor, FEED)

    for _ in range(12):
        desk.later(timedelta(minutes=1))
        await desk.sweep()

    assert desk.kept.status is Status.CONNECTED
    assert not desk.told


async def test_a_removed_calendar_keeps_nobody_busy_and_its_leave_is_given_back() -> None:
    desk = Desk()
    connection = await desk.connect.by_address(desk.actor, FEED)

    await desk.change.remove(desk.actor, connection.id)

    assert desk.times == []
    assert desk.kept.sealed is None
    assert desk.source.forgotten == [FEED]
    assert await desk.read(connection.id) is None


async def test_what_is_removed_while_it_is_read_stays_removed() -> None:
    desk = Desk()
    connection = await desk.connect.by_address(desk.actor, FEED)
    reading = desk.source.read

    async def removed_meanwhile(secret: str, cursor: str, window: TimeSlot, zone: str) -> BusyRead:
        await desk.change.remove(desk.actor, connection.id)
        return await reading(secret, cursor, window, zone)

    desk.source.read = removed_meanwhile  # type: ignore[method-assign]

    assert await desk.read(connection.id) is None
    assert desk.times == []


async def test_nobody_touches_anothers_calendar() -> None:
    desk = Desk()
    connection = await desk.connect.by_address(desk.actor, FEED)

    for touching in (
        desk.change.remove(desk.other, connection.id),
        desk.change.read_now(desk.other, connection.id),
        desk.change.set_strict(desk.other, connection.id, strict=True),
    ):
        with pytest.raises(NotFound):
            await touching


@pytest.mark.parametrize("address", ["", "http://calendar.example/x.ics", "ftp://x", "file:///etc/passwd", "https://ü"])
async def test_an_address_is_one_that_can_be_asked(address: str) -> None:
    with pytest.raises(Invalid):
        await Desk().connect.by_address(ACTOR, address)


async def test_an_address_that_gives_no_calendar_is_not_connected() -> None:
    desk = Desk(GatewayRefused("calendar", "no", "not_a_calendar"))

    with pytest.raises(Invalid):
        await desk.connect.by_address(desk.actor, FEED)
    assert not desk.store.shelf("connections")


async def test_there_are_five_at_most_and_the_same_one_once() -> None:
    desk = Desk()
    for number in (0, 0, 1, 2, 3, 4):
        await desk.connect.by_address(desk.actor, f"{FEED}?{number}")

    with pytest.raises(Conflict):
        await desk.connect.by_address(desk.actor, f"{FEED}?5")
    assert len(desk.store.shelf("connections")) == 5


async def test_a_google_calendar_is_connected_by_who_began_it() -> None:
    desk = Desk()
    _, journey = await desk.leave(desk.actor, back_to="https://x/cb")

    with pytest.raises(BadState):
        await desk.connect.by_consent(desk.actor, journey, state="other", code="c", back_to="https://x/cb")
    with pytest.raises(BadState):
        await desk.connect.by_consent(desk.other, journey, state="state", code="c", back_to="https://x/cb")
    with pytest.raises(ProviderRefused):
        await desk.connect.by_consent(desk.actor, journey, state="state", code="", back_to="https://x/cb")
    found = await desk.connect.by_consent(desk.actor, journey, state="state", code="c", back_to="https://x/cb")
    assert found.source is Source.GOOGLE
    desk.later(timedelta(minutes=11))
    with pytest.raises(BadState):
        await desk.connect.by_consent(desk.actor, journey, state="state", code="c", back_to="https://x/cb")


async def test_where_google_does_not_know_us_nothing_is_offered() -> None:
    with pytest.raises(NotFound):
        await Desk(consent=FakeConsent(offered=False)).leave(ACTOR, back_to="https://x")


async def test_an_account_that_shuts_us_out_is_told_to_staff_until_it_opens() -> None:
    # LIVE-02
    told: list[tuple[str, str]] = []
    answers: list[Exception | None] = [AccessLost("google", "revoked"), GatewayUnavailable("google", "down"), None]

    async def check() -> None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer

    sweep = CheckAccess({"google/school": check}, lambda name, state: told.append((name, state)))

    assert [await sweep(), await sweep(), await sweep()] == [1, 0, 0]
    assert told == [("google/school/access", "shut"), ("google/school/access", "closed")]
