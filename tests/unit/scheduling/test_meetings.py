"""One class a lesson, in time, and a door for its participants alone. (LIVE-03, LIVE-08, LIVE-11, BOOK-08)"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.meetings.registry import Registry
from application.scheduling.change_meeting import CancelMeeting, MeetingOnConfirmation, MoveMeeting
from application.scheduling.create_meeting import CreateMeeting
from application.scheduling.join_lesson import ClassNotReady, JoinLesson, JoinLessonCommand
from application.scheduling.sweep_meetings import SweepMeetings
from application.scheduling.tidy_meetings import TidyMeetings
from domain.booking.booking import Booking
from domain.booking.errors import OutsideJoinWindow
from domain.booking.events import BookingCancelled, BookingConfirmed
from domain.errors import IllegalTransition, NotFound, NotPermitted
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import UserId
from domain.onboarding.consent import CONSENT_POLICIES, Acceptance, ConsentKind, ConsentNeeded, ConsentText
from domain.scheduling.meeting import LIFECYCLE, Meeting, Status
from fakes.booking import LEARNER, OTHER_LEARNER, a_confirmed
from fakes.clock import NOON, FixedClock
from fakes.identity import a_user
from fakes.ids import SequentialIds
from fakes.meetings import FakeMeetings, ReversingCipher
from fakes.news import EVENT, an_event
from fakes.scheduling import QARI
from fakes.unit import MemoryStore, MemoryUnit
from ports.errors import GatewayUnavailable
from support.family import put_policy

MINUTE = timedelta(minutes=1)


class World:
    def __init__(self, *lessons: Booking) -> None:
        self.store, self.clock, self.provider = MemoryStore(), FixedClock(NOON), FakeMeetings()
        self.providers = Registry([self.provider])
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
