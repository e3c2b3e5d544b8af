"""One class a lesson, in time, and a door for its participants alone. (LIVE-03, LIVE-08, LIVE-11, BOOK-08)"""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from adapters.meetings.registry import Registry
from application.scheduling import join_lesson
from application.scheduling.change_meeting import CancelMeeting, MeetingOnConfirmation, MoveMeeting
from application.scheduling.create_meeting import CreateMeeting
from application.scheduling.join_lesson import ClassNotReady, JoinLesson, JoinLessonCommand
from application.scheduling.sweep_meetings import SweepMeetings
from application.scheduling.tidy_meetings import TidyMeetings
from domain.booking.booking import Booking
from domain.booking.errors import OutsideJoinWindow
from domain.booking.events import BookingCancelled, BookingConfirmed, BookingRescheduled
from domain.errors import IllegalTransition, NotFound, NotPermitted
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import MeetingHostId, MeetingId, UserId
from domain.onboarding.consent import CONSENT_POLICIES, Acceptance, ConsentKind, ConsentNeeded, ConsentText
from domain.scheduling.meeting import LIFECYCLE, Meeting, Status, Stray
from domain.scheduling.meeting_events import ClassMoved
from domain.scheduling.meeting_host import MeetingHost
from domain.scheduling.meeting_server import MEETINGS, MeetingServer, Service
from domain.time import TimeSlot
from fakes.booking import LEARNER, OTHER_LEARNER, a_confirmed
from fakes.clock import NOON, FixedClock
from fakes.identity import a_user
from fakes.ids import SequentialIds
from fakes.meetings import FakeMeetings, ReversingCipher
from fakes.news import EVENT, an_event
from fakes.scheduling import QARI
from fakes.unit import MemoryStore, MemoryUnit
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent
from ports.scheduling.meetings import MeetingRequest, RoomGone
from support.family import put_policy

MINUTE = timedelta(minutes=1)


class World:
    def __init__(self, *lessons: Booking) -> None:
        self.store, self.clock, self.provider = MemoryStore(), FixedClock(NOON), FakeMeetings()
        self.zoom = FakeMeetings("zoom", needs_host=True)
        self.providers = Registry([self.provider, self.zoom])
        cipher, new_id = ReversingCipher(), SequentialIds()
        self.store.shelf("bookings").update({lesson.id: lesson for lesson in lessons})
        for person in (LEARNER, OTHER_LEARNER, QARI):
            self.store.shelf("users")[person] = a_user(id=person, email=f"{person.hex}@example.org")
        self.create = CreateMeeting(self.unit, self.clock, new_id, self.providers, cipher)
        self.cancel = CancelMeeting(self.unit, self.clock, new_id, self.providers, cipher)
        self.move = MoveMeeting(self.unit, self.clock, new_id, self.providers, cipher, self.create)
        self.subscriber = MeetingOnConfirmation(self.create, self.cancel, self.move)
        self.tidy = TidyMeetings(self.unit, self.providers, cipher)
        self.sweep = SweepMeetings(self.unit, self.clock, self.create, self.move, self.tidy)
        self.join = JoinLesson(self.unit, self.clock, self.create, self.providers, cipher)

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    @property
    def meetings(self) -> dict[Any, Meeting]:
        return self.store.shelf("meetings")

    async def enters(
        self, who: UserId, lesson: Booking, role: Role = Role.STUDENT, door: Audience = Audience.MAIN
    ) -> str:
        entry = await self.join(Actor(user_id=who, role=role, audience=door), JoinLessonCommand(booking_id=lesson.id))
        return entry.url


def at(moment: datetime, **given: Any) -> Booking:
    return a_confirmed(start=moment, **given)


async def test_a_confirmed_lesson_gets_its_class_once_however_often_it_is_told() -> None:  # LIVE-03
    lesson = a_confirmed()
    world = World(lesson)
    event = an_event(BookingConfirmed, booking_id=lesson.id)

    await asyncio.gather(*(world.subscriber(EVENT, event) for _ in range(5)))

    assert len(world.meetings) == 1
    assert world.meetings[lesson.id].status is Status.READY
    assert len(world.provider.rooms) == 1


async def test_the_room_is_sealed_where_it_is_kept() -> None:  # LIVE-11
    lesson = a_confirmed()
    world = World(lesson)
    await world.create(lesson.id)

    room = world.provider.rooms[lesson.id]

    assert room.encode() not in (world.meetings[lesson.id].sealed_room or b"")


async def test_a_provider_that_is_away_leaves_the_plan_for_the_sweep() -> None:  # BOOK-08
    lesson = at(NOON + 65 * MINUTE)
    world = World(lesson)
    world.provider.failing.append(GatewayUnavailable("fake", "away"))
    with pytest.raises(GatewayUnavailable):
        await world.create(lesson.id)
    assert world.meetings[lesson.id].status is Status.PLANNED

    assert await world.sweep() == 1

    assert world.meetings[lesson.id].status is Status.READY


async def test_a_missing_class_is_there_before_the_reminder_of_an_hour() -> None:  # BOOK-08
    lesson = at(NOON + 3 * 60 * MINUTE)
    world = World(lesson)

    while lesson.id not in world.meetings:
        world.clock.advance(minutes=5)
        await world.sweep()

    assert lesson.slot.start - world.clock.now() >= 60 * MINUTE


async def test_one_that_cannot_be_made_does_not_hold_up_the_others() -> None:
    first, second = at(NOON + 30 * MINUTE), at(NOON + 40 * MINUTE, number=2, learner_id=OTHER_LEARNER)
    world = World(first, second)
    world.provider.failing.append(GatewayUnavailable("fake", "away"))

    assert await world.sweep() == 1
    assert await world.sweep() == 1
    assert await world.sweep() == 0


async def test_a_lesson_that_is_not_confirmed_gets_no_class() -> None:
    lesson = a_confirmed(number=7)
    world = World(lesson)
    world.store.bookings[lesson.id] = a_confirmed(number=7).cancel(
        by=lesson.party_of(actor(LEARNER)), reason="", refund=lesson.price, at=NOON
    )[0]

    assert await world.create(lesson.id) is None
    assert world.provider.created == 0


def actor(who: UserId, role: Role = Role.STUDENT, door: Audience = Audience.MAIN) -> Actor:
    return Actor(user_id=who, role=role, audience=door)


async def test_a_cancelled_lesson_loses_its_class() -> None:
    lesson = a_confirmed()
    world = World(lesson)
    await world.create(lesson.id)
    cancelled, _ = lesson.cancel(by=lesson.party_of(actor(LEARNER)), reason="", refund=lesson.price, at=NOON)
    world.store.bookings[lesson.id] = cancelled

    for _ in range(2):
        await world.subscriber(EVENT, an_event(BookingCancelled, booking_id=lesson.id))

    assert world.meetings[lesson.id].status is Status.CANCELLED
    assert world.meetings[lesson.id].sealed_room is None
    assert world.provider.cancelled == [world.provider.rooms[lesson.id]]


async def test_the_learner_enters_as_a_guest_and_the_qari_leads() -> None:  # LIVE-08
    lesson = at(NOON + 10 * MINUTE)
    world = World(lesson)
    await world.create(lesson.id)

    assert "role=guest" in await world.enters(LEARNER, lesson)
    assert "role=lead" in await world.enters(QARI, lesson, Role.QARI)
    assert [click.user_id for click in world.store.shelf("clicks").values()] == [LEARNER, QARI]


@pytest.mark.parametrize(("minutes_before", "open"), [(16, False), (15, True), (0, True), (-44, True), (-45, False)])
async def test_the_door_is_open_from_fifteen_minutes_before_to_fifteen_after(minutes_before: int, open: bool) -> None:
    lesson = at(NOON + minutes_before * MINUTE)
    world = World(lesson)
    if not open:
        with pytest.raises(OutsideJoinWindow):
            await world.enters(LEARNER, lesson)
        assert world.store.shelf("clicks") == {}
    else:
        assert await world.enters(LEARNER, lesson)


async def test_strangers_and_staff_do_not_enter() -> None:
    lesson = at(NOON)
    world = World(lesson)

    with pytest.raises(NotFound):
        await world.enters(OTHER_LEARNER, lesson)
    with pytest.raises(NotPermitted):
        await world.enters(UserId(QARI), lesson, Role.ADMIN, Audience.ADMIN)


async def test_a_cancelled_lesson_has_no_door() -> None:
    lesson = at(NOON + MINUTE)
    world = World(lesson)
    cancelled, _ = lesson.cancel(
        by=lesson.party_of(actor(QARI, role=Role.QARI)), reason="", refund=lesson.price, at=NOON
    )
    world.store.bookings[lesson.id] = cancelled

    with pytest.raises(IllegalTransition):
        await world.enters(LEARNER, lesson)


async def test_who_comes_before_the_class_is_made_has_it_made() -> None:
    lesson = at(NOON)
    world = World(lesson)

    assert await world.enters(LEARNER, lesson)
    assert world.meetings[lesson.id].status is Status.READY


async def test_who_comes_while_the_class_is_made_waits_a_moment_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # LIVE-03, LIVE-08, OPS-02: all of a class press at the same moment
    lesson = at(NOON)
    world = World(lesson)
    monkeypatch.setattr(join_lesson, "LOOK_EVERY_S", 0.02)
    making, made = world.provider.create, asyncio.Event()

    async def slowly(request: MeetingRequest) -> str:
        await made.wait()
        return await making(request)

    world.provider.create = slowly  # type: ignore[method-assign]
    first = asyncio.create_task(world.enters(LEARNER, lesson))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(world.enters(QARI, lesson, Role.QARI))
    await asyncio.sleep(0.01)
    assert not second.done()

    made.set()
    entries = await asyncio.gather(first, second)

    assert len({str(entry).partition("?")[0] for entry in entries}) == 1
    assert world.provider.created == 1


async def test_nobody_waits_for_a_class_that_nobody_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = at(NOON)
    world = World(lesson)
    monkeypatch.setattr(join_lesson, "LOOK_EVERY_S", 0.0)
    planned = Meeting(id=MeetingId(UUID(int=9)), booking_id=lesson.id, provider="fake", created_at=NOON)
    claimed = planned.claim(provider="fake", host_id=None, slot=lesson.slot, until=NOON + MINUTE)
    world.meetings[lesson.id] = claimed

    with pytest.raises(ClassNotReady):
        await world.enters(LEARNER, lesson)


async def test_a_held_lesson_whose_class_was_never_made_says_so() -> None:
    lesson = at(NOON - 20 * MINUTE)
    world = World(lesson)
    completed, _ = lesson.complete(at=NOON)
    world.store.bookings[lesson.id] = completed

    with pytest.raises(ClassNotReady):
        await world.enters(LEARNER, lesson)


def test_a_meeting_that_is_gone_stays_gone() -> None:
    assert LIFECYCLE.terminal == {Status.CANCELLED}


async def test_a_qari_reads_the_code_of_conduct_before_he_enters_and_the_learner_is_not_kept_out() -> None:  # ONB-09
    lesson = at(NOON + 5 * MINUTE)
    world = World(lesson)
    await put_policy(world.unit, CONSENT_POLICIES[ConsentKind.CONDUCT], ConsentText(title="Conduct", body="Be kind."))

    await world.enters(LEARNER, lesson)
    with pytest.raises(ConsentNeeded):
        await world.enters(QARI, lesson, Role.QARI)
    async with world.unit() as unit:
        await unit.consents.add(
            Acceptance(user_id=QARI, child_id=None, kind=ConsentKind.CONDUCT, version=1, at=world.clock.now())
        )
        await unit.commit()

    assert await world.enters(QARI, lesson, Role.QARI)


# -- another provider than Jitsi, and what happens when it fails


class Houses(World):
    """The school's classes are held by a provider with two hosts; Jitsi stands in."""

    def __init__(self, *lessons: Booking, hosts: int = 2) -> None:
        super().__init__(*lessons)
        for number in range(1, hosts + 1):
            host = MeetingHost(
                id=MeetingHostId(UUID(int=100 + number)),
                provider=Service.ZOOM,
                account="school",
                address=f"host-{number}@school.example",
                active=True,
                created_at=NOON,
            )
            self.store.shelf("meeting_hosts")[host.id] = host

    async def held_by(self, service: Service) -> "Houses":
        await put_policy(self.unit, MEETINGS, MeetingServer(provider=service))
        return self

    @property
    def told(self) -> list[ClassMoved]:
        return [event for event in self.store.events if isinstance(event, ClassMoved)]

    @property
    def strays(self) -> list[Stray]:
        return list(self.store.shelf("meeting_strays").values())


def moved_to(lesson: Booking, start: datetime) -> Booking:
    return msgspec.structs.replace(lesson, slot=TimeSlot.lasting(start, lesson.slot.minutes))


async def test_the_school_s_provider_holds_the_class_and_a_qari_may_have_another() -> None:  # LIVE-01
    first, second = at(NOON + 60 * MINUTE), at(NOON + 300 * MINUTE, number=2, learner_id=OTHER_LEARNER)
    world = await Houses(first, second).held_by(Service.ZOOM)
    await world.create(first.id)
    async with world.unit() as unit:
        await unit.meetings.choose(QARI, Service.JITSI)
        await unit.commit()

    await world.create(second.id)

    assert (world.meetings[first.id].provider, world.meetings[second.id].provider) == ("zoom", "jitsi")
    assert world.told == []


async def test_a_provider_that_is_not_set_up_is_passed_over_in_silence() -> None:
    lesson = a_confirmed()
    world = await Houses(lesson).held_by(Service.GOOGLE_MEET)

    await world.create(lesson.id)

    assert world.meetings[lesson.id].provider == "jitsi"
    assert world.told == []


async def test_two_lessons_at_one_time_have_two_hosts_and_a_third_one_goes_elsewhere() -> None:  # LIVE-10
    start = NOON + 120 * MINUTE
    lessons = [at(start + 5 * n * MINUTE, number=n) for n in range(1, 4)]
    world = await Houses(*lessons).held_by(Service.ZOOM)

    await asyncio.gather(*(world.create(lesson.id) for lesson in lessons))

    hosts = [request.host.address for request in world.zoom.requests if request.host is not None]
    assert sorted(hosts) == ["host-1@school.example", "host-2@school.example"]
    assert sorted(meeting.provider for meeting in world.meetings.values()) == ["jitsi", "zoom", "zoom"]


async def test_ten_minutes_before_there_is_always_a_class_and_both_sides_hear_of_it_once() -> None:  # LIVE-12
    lesson = at(NOON + 24 * 60 * MINUTE)
    world = await Houses(lesson).held_by(Service.ZOOM)
    world.zoom.failing = [GatewayUnavailable("zoom", "away")] * 1000
    with pytest.raises(GatewayUnavailable):
        await world.create(lesson.id)
    assert world.meetings[lesson.id].status is Status.PLANNED  # far away: it may come back

    while lesson.slot.start - world.clock.now() > 10 * MINUTE:
        world.clock.advance(minutes=5)
        await world.sweep()

    assert world.meetings[lesson.id].status is Status.READY
    assert world.meetings[lesson.id].provider == "jitsi"
    assert [(event.failed, event.provider) for event in world.told] == [("zoom", "jitsi")]
    assert await world.enters(LEARNER, lesson)


async def test_a_clear_no_is_taken_at_once_and_an_hour_of_silence_is_waited_out() -> None:  # LIVE-02
    first, second = at(NOON + 24 * 60 * MINUTE), at(NOON + 48 * 60 * MINUTE, number=2)
    world = await Houses(first, second).held_by(Service.ZOOM)
    world.zoom.failing = [GatewayRefused("zoom", "no", "invalid_client")]
    await world.create(first.id)
    world.zoom.failing = [NotSent("zoom", "away")]
    with pytest.raises(GatewayUnavailable):
        await world.create(second.id)

    await world.create(second.id)

    assert (world.meetings[first.id].provider, world.meetings[second.id].provider) == ("jitsi", "zoom")
    assert len(world.told) == 1
    assert world.strays == []


async def test_who_keeps_failing_is_left_to_the_sweep_before_the_event_is_given_up() -> None:
    lesson = at(NOON + 24 * 60 * MINUTE)
    world = await Houses(lesson).held_by(Service.ZOOM)
    world.zoom.failing = [GatewayUnavailable("zoom", "away")] * 10
    event, failed = an_event(BookingConfirmed, booking_id=lesson.id), 0

    for _ in range(6):
        try:
            await world.subscriber(EVENT, event)
        except GatewayUnavailable:
            failed += 1

    assert failed == 3
    assert world.meetings[lesson.id].status is Status.PLANNED


async def test_a_room_whose_making_was_never_answered_is_taken_away_later() -> None:
    lesson = at(NOON + 60 * MINUTE)
    world = await Houses(lesson).held_by(Service.ZOOM)
    world.zoom.failing = [GatewayUnavailable("zoom", "no answer")]
    await world.create(lesson.id)
    assert len(world.strays) == 1

    world.zoom.failing = [GatewayUnavailable("zoom", "still away")]
    assert await world.tidy() == 0
    assert await world.tidy() == 1

    assert world.zoom.withdrawn == [lesson.id]
    assert world.strays == []


async def test_a_second_attempt_says_so_and_keeps_the_host() -> None:  # LIVE-03
    lesson = at(NOON + 24 * 60 * MINUTE)
    world = await Houses(lesson).held_by(Service.ZOOM)
    world.zoom.failing = [GatewayUnavailable("zoom", "no answer")]
    with pytest.raises(GatewayUnavailable):
        await world.create(lesson.id)

    await world.create(lesson.id)

    (request,) = world.zoom.requests
    assert request.again
    assert request.host is not None
    assert request.host.id == world.meetings[lesson.id].host_id


async def test_a_worker_that_died_holds_nobody_up_for_long() -> None:
    lesson = at(NOON + 70 * MINUTE)
    world = await Houses(lesson).held_by(Service.ZOOM)
    world.zoom.killed = True
    with pytest.raises(asyncio.CancelledError):
        await world.create(lesson.id)
    world.zoom.killed = False
    assert await world.sweep() == 0  # somebody may still be at it

    world.clock.advance(minutes=5)

    assert await world.sweep() == 1


async def test_a_moved_lesson_moves_its_class_and_keeps_its_host() -> None:
    lesson = at(NOON + 120 * MINUTE)
    world = await Houses(lesson).held_by(Service.ZOOM)
    await world.create(lesson.id)
    was = world.meetings[lesson.id]
    world.store.bookings[lesson.id] = moved_to(lesson, NOON + 600 * MINUTE)

    for _ in range(2):
        await world.subscriber(EVENT, an_event(BookingRescheduled, booking_id=lesson.id))

    now = world.meetings[lesson.id]
    assert world.zoom.moved == [world.store.bookings[lesson.id].slot]
    assert (now.host_id, now.sealed_room) == (was.host_id, was.sealed_room)


async def test_where_the_host_is_taken_at_the_new_time_another_one_holds_the_class() -> None:  # LIVE-10
    first, second = at(NOON + 120 * MINUTE), at(NOON + 600 * MINUTE, number=2, learner_id=OTHER_LEARNER)
    world = await Houses(first, second, hosts=1).held_by(Service.ZOOM)
    await world.create(first.id)
    await world.create(second.id)
    world.store.bookings[first.id] = moved_to(first, NOON + 610 * MINUTE)

    await world.subscriber(EVENT, an_event(BookingRescheduled, booking_id=first.id))
    await world.tidy()

    assert world.meetings[first.id].provider == "jitsi"
    assert world.zoom.cancelled == [world.zoom.rooms[first.id]]
    assert world.meetings[second.id].provider == "zoom"


async def test_a_move_that_was_missed_is_made_up_for_by_the_sweep() -> None:
    lesson = at(NOON + 600 * MINUTE)
    world = await Houses(lesson).held_by(Service.ZOOM)
    await world.create(lesson.id)
    world.store.bookings[lesson.id] = moved_to(lesson, NOON + 60 * MINUTE)
    world.zoom.failing = [GatewayUnavailable("zoom", "away")]

    assert await world.sweep() == 0
    assert await world.sweep() == 1

    assert world.zoom.moved == [world.store.bookings[lesson.id].slot]


async def test_a_room_that_somebody_removed_over_there_is_made_again_at_the_door() -> None:
    lesson = at(NOON + 5 * MINUTE)
    world = await Houses(lesson).held_by(Service.ZOOM)
    await world.create(lesson.id)
    world.zoom.closed = [RoomGone("zoom", "no such meeting")]

    assert "role=lead" in await world.enters(QARI, lesson, Role.QARI)
    assert len(world.zoom.requests) == 2
    assert world.told == []


async def test_a_qari_whom_the_provider_does_not_let_in_teaches_elsewhere() -> None:  # LIVE-12
    lesson = at(NOON + 5 * MINUTE)
    world = await Houses(lesson).held_by(Service.ZOOM)
    await world.create(lesson.id)
    world.zoom.closed = [GatewayUnavailable("zoom", "away")]

    assert "role=lead" in await world.enters(QARI, lesson, Role.QARI)
    assert "role=guest" in await world.enters(LEARNER, lesson)

    assert world.meetings[lesson.id].provider == "jitsi"
    assert len(world.told) == 1
    assert len(world.strays) == 1


async def test_a_cancelled_lesson_gives_its_host_back() -> None:
    lesson = at(NOON + 120 * MINUTE)
    world = await Houses(lesson, hosts=1).held_by(Service.ZOOM)
    await world.create(lesson.id)
    cancelled, _ = lesson.cancel(by=lesson.party_of(actor(LEARNER)), reason="", refund=lesson.price, at=NOON)
    world.store.bookings[lesson.id] = cancelled

    await world.subscriber(EVENT, an_event(BookingCancelled, booking_id=lesson.id))

    assert world.store.shelf("meeting_host_times") == {}
    assert world.zoom.cancelled == [world.zoom.rooms[lesson.id]]
