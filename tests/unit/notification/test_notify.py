"""Who hears of what, and how often. (NOTI-05, NOTI-13)"""

from datetime import timedelta
from uuid import UUID

import pytest

from application.notification.notify import NotifyOnEvent
from application.notification.subscriptions import SUBSCRIPTIONS
from domain.billing.events import PaymentCaptured, PaymentFailed, RefundFailed
from domain.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingHeld,
    BookingRequested,
    RescheduleDeclined,
    RescheduleProposed,
)
from domain.events import Event
from domain.identity.actor import Party
from domain.ids import BookingId, EventId, SeriesId, UserId
from domain.notification.delivery import Channel, Delivery
from domain.notification.events import LessonDue
from domain.notification.preference import UNNOTED
from domain.notification.sequence import StepDue
from domain.notification.topic import MATRIX, Side, Topic
from domain.scheduling.class_events import OccurrenceDue
from fakes.clock import NOON, FixedClock
from fakes.news import EVENT, EVERY_KIND, LEARNER, PAYER, QARI, an_event
from fakes.notification import RecordingWakeup
from fakes.unit import MemoryStore, MemoryUnit


class World:
    def __init__(self, *, school_copy: bool = True) -> None:
        self.store, self.wakeup = MemoryStore(), RecordingWakeup()
        self.notify = NotifyOnEvent(lambda: MemoryUnit(self.store), FixedClock(NOON), self.wakeup, school_copy)

    async def hears(self, event: Event, event_id: EventId = EVENT) -> set[tuple[Topic, UserId | None]]:
        await self.notify(event_id, event)
        return {(message.topic, message.recipient_id) for message in self.messages}

    @property
    def messages(self) -> list[Delivery]:
        """Those that leave by mail."""
        return [d for d in self.store.shelf("deliveries").values() if d.channel is Channel.EMAIL]

    @property
    def notes(self) -> list[Delivery]:
        """Those that are kept on the pages."""
        return [d for d in self.store.shelf("deliveries").values() if d.channel is Channel.IN_APP]


SIDES: dict[Side, set[UserId | None]] = {
    Side.PERSON: {LEARNER},
    Side.LEARNER: {LEARNER},
    Side.PAYER: {PAYER},
    Side.QARI: {QARI},
    Side.GUARDIAN: {PAYER},
    Side.CHILD: {LEARNER},
    Side.MEMBERS: {LEARNER},
    Side.SCHOOL: {None},
    Side.OTHER_SIDE: {QARI},
}


FROM_THE_CALENDAR = (LessonDue, OccurrenceDue, StepDue)


@pytest.mark.parametrize("kind", [kind for kind in MATRIX if kind not in (BookingExpired, *FROM_THE_CALENDAR)])
async def test_each_cell_of_the_matrix_makes_one_message(kind: type[Event]) -> None:
    world = World()

    heard = await world.hears(an_event(kind))

    expected = {(topic, person) for topic, sides in MATRIX[kind] for side in sides for person in SIDES[side]}
    assert heard == expected
    assert len(world.messages) == len(expected)
    noted = {(topic, person) for topic, person in expected if person is not None and topic not in UNNOTED}
    assert {(note.topic, note.recipient_id) for note in world.notes} == noted  # ONB-04: and a note on the pages
    assert world.wakeup.nudged == ["deliveries"]


def test_every_kind_of_event_that_tells_somebody_something_is_tested() -> None:
    assert set(EVERY_KIND) == set(MATRIX)
    assert set(SUBSCRIPTIONS["notification.notify"]) == set(MATRIX) - set(FROM_THE_CALENDAR)


async def test_the_same_event_twice_tells_nobody_twice() -> None:
    world = World()
    await world.hears(an_event(BookingConfirmed))

    await world.hears(an_event(BookingConfirmed))

    assert len(world.messages) == 4  # learner, payer, Qari, school
    assert world.wakeup.nudged == ["deliveries"]


async def test_somebody_who_learns_and_pays_gets_one_message() -> None:
    assert await World().hears(an_event(BookingConfirmed, payer_id=LEARNER)) == {
        (Topic.LESSON_CONFIRMED, LEARNER),
        (Topic.LESSON_CONFIRMED, QARI),
        (Topic.LESSON_CONFIRMED, None),
    }


async def test_a_school_that_wants_no_copies_gets_none() -> None:
    assert None not in {person for _, person in await World(school_copy=False).hears(an_event(BookingCancelled))}
    assert await World(school_copy=False).hears(an_event(RefundFailed)) == set()


async def test_lessons_of_a_series_that_are_paid_together_are_one_piece_of_news() -> None:
    world, series = World(school_copy=False), SeriesId(UUID(int=99))

    for number in range(10):
        event = an_event(BookingConfirmed, booking_id=BookingId(UUID(int=100 + number)), series_id=series)
        await world.hears(event, EventId(UUID(int=200 + number)))

    assert sorted(str(message.recipient_id) for message in world.messages) == sorted(map(str, (LEARNER, PAYER, QARI)))


async def test_only_the_first_failure_of_a_payment_is_told() -> None:  # NOTI-06
    world = World()
    await world.hears(an_event(PaymentFailed), EventId(UUID(int=1)))

    await world.hears(an_event(PaymentFailed), EventId(UUID(int=2)))

    assert len(world.messages) == 1


async def test_a_payment_has_one_receipt() -> None:  # PAYM-17
    world = World()
    await world.hears(an_event(PaymentCaptured), EventId(UUID(int=1)))

    assert await world.hears(an_event(PaymentCaptured), EventId(UUID(int=2))) == {(Topic.RECEIPT, PAYER)}
    assert len(world.messages) == 1


async def test_a_hold_that_is_made_or_given_up_is_nobodys_news() -> None:
    assert await World().hears(an_event(BookingHeld, after_request=False)) == set()
    assert await World().hears(an_event(BookingCancelled, was_confirmed=False)) == set()
    assert await World().hears(an_event(BookingExpired)) == set()


async def test_a_request_that_lapses_is_told_to_both_sides() -> None:
    world = World()
    await world.hears(an_event(BookingRequested))

    heard = await world.hears(an_event(BookingExpired), EventId(UUID(int=31)))

    assert {person for topic, person in heard if topic is Topic.REQUEST_EXPIRED} == {LEARNER, PAYER, QARI}


@pytest.mark.parametrize(
    ("by", "told"),
    [(Party.LEARNER, {QARI}), (Party.QARI, {LEARNER, PAYER}), (Party.STAFF, {LEARNER, PAYER, QARI})],
)
@pytest.mark.parametrize("kind", [RescheduleProposed, RescheduleDeclined])
async def test_a_proposal_and_its_answer_go_to_the_other_side(kind: type[Event], by: Party, told: set[UserId]) -> None:
    heard = await World().hears(an_event(kind, by=by))

    assert {person for _, person in heard} == told


async def test_a_proposal_is_stale_once_its_answer_is_due() -> None:
    world = World()
    await world.hears(an_event(RescheduleProposed))

    assert world.messages[0].is_stale(NOON + timedelta(days=1))
    assert not world.messages[0].is_stale(NOON + timedelta(hours=23))
