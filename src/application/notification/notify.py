"""From an event to one message for each person who should hear of it. (NOTI-05, NOTI-13)"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from application.notification.routing import Routes, Ways, by_mail, routes_of, ways_of
from domain.billing.events import PaymentCaptured, PaymentFailed
from domain.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingHeld,
    RescheduleDeclined,
    RescheduleProposed,
)
from domain.events import Event
from domain.identity.actor import Party
from domain.ids import EventId, UserId
from domain.notification.delivery import Channel, Delivery
from domain.notification.preference import UNNOTED, Group, group_of
from domain.notification.topic import MATRIX, Side, Topic
from domain.scheduling.class_events import OccurrenceCancelled
from ports.clock import Clock
from ports.outbox import Wakeup
from ports.unit_of_work import NewUnit, UnitOfWork


class NotifyOnEvent:
    """``school_copy``: whether the school wants copies of what concerns it."""

    def __init__(self, new_unit: NewUnit, clock: Clock, wakeup: Wakeup, school_copy: bool) -> None:
        self._new_unit, self._clock, self._wakeup, self._school_copy = new_unit, clock, wakeup, school_copy

    async def __call__(self, event_id: EventId, event: Event) -> None:
        await self.together([(event_id, event)])

    async def together(self, news: Sequence[tuple[EventId, Event]]) -> None:
        async with self._new_unit() as unit:
            told = [(cause_of(key, event), event) for key, event in news if await _is_news(event, unit)]
            found = await messages_of(unit, told, self._clock.now(), self._school_copy)
            # In one order everywhere: whoever tells the same news at the same moment waits for us, and not we for him.
            added = await unit.deliveries.add(*sorted(found, key=lambda delivery: delivery.key)) if found else 0
            await unit.commit()
        if added:
            await self._wakeup.nudge("deliveries")


async def messages(unit: UnitOfWork, event: Event, cause: str, at: datetime, school_copy: bool) -> Sequence[Delivery]:
    """What is meant for a child goes to those who answer for it, each the way he wants it; see ``written``."""
    return await messages_of(unit, [(cause, event)], at, school_copy)


async def messages_of(
    unit: UnitOfWork, news: Sequence[tuple[str, Event]], at: datetime, school_copy: bool
) -> Sequence[Delivery]:
    """The same of many events with their causes: people are looked up once."""
    meant = {
        person
        for _, event in news
        for topic, people in addressed(event, school_copy)
        if group_of(topic) is not Group.ACCOUNT
        for person in people
    }
    routes = await routes_of(unit, meant)
    ways = await ways_of(unit, _readers(meant, routes))
    return [one for cause, event in news for one in written(event, cause, at, school_copy, routes, ways)]


def _readers(meant: Iterable[UserId | None], routes: Routes) -> set[UserId]:
    return {reader for person in meant if person is not None for reader in routes.get(person, frozenset({person}))}


def written(
    event: Event, cause: str, at: datetime, school_copy: bool, routes: Routes, ways: Ways = by_mail
) -> Iterator[Delivery]:
    """One for each recipient and way, however many capacities somebody has; and a note on his pages, where it is worth
    one.
    """
    for topic, people in addressed(event, school_copy):
        told: set[UserId | None] = set()
        for person in people:
            told |= {person} if person is None else routes.get(person, frozenset({person}))
        for recipient in sorted(told, key=str):
            for channel in ways(recipient, topic):
                yield Delivery.about(
                    event, topic, recipient, cause=cause, at=at, not_after=_not_after(event), channel=channel
                )
            if recipient is not None and topic not in UNNOTED:
                yield Delivery.about(event, topic, recipient, cause=cause, at=at, channel=Channel.IN_APP)


def addressed(event: Event, school_copy: bool) -> Iterator[tuple[Topic, set[UserId | None]]]:
    """Whom each topic is meant for; None is the school."""
    for topic, sides in MATRIX[type(event)]:
        people: set[UserId | None] = set()
        for side in sides:
            people |= _recipients(side, event)
        if Side.SCHOOL in sides and not school_copy:
            people.discard(None)
        yield topic, people


def cause_of(event_id: EventId, event: Event) -> str:
    """What must be told once. Lessons of a series that are paid together are one piece of news, and so are a
    payment's failed tries. (NOTI-06)
    """
    if isinstance(event, BookingConfirmed) and event.series_id is not None:
        return f"series:{event.series_id}:{event.payment_id or 'free'}"
    if isinstance(event, PaymentCaptured | PaymentFailed):
        return f"payment:{event.payment_id}"
    return f"event:{event_id}"


async def _is_news(event: Event, unit: UnitOfWork) -> bool:
    """Giving up a hold that never was a lesson is nobody's news."""
    match event:
        case BookingHeld():
            return event.after_request
        case BookingCancelled():
            return event.was_confirmed
        case BookingExpired():
            return await unit.deliveries.knows(event.booking_id, Topic.REQUEST_SENT)
        case OccurrenceCancelled():
            return event.alone
        case _:
            return True


def _recipients(side: Side, event: Event) -> set[UserId | None]:
    match side:
        case Side.MEMBERS:
            return set(getattr(event, "learner_ids"))  # noqa: B009
        case Side.PERSON:
            return {getattr(event, "user_id")}  # noqa: B009  (the matrix pairs it with events that have one)
        case Side.SCHOOL:
            return {None}
        case Side.OTHER_SIDE:
            by = event.by if isinstance(event, RescheduleProposed | RescheduleDeclined) else Party.SYSTEM
            learners = _recipients(Side.LEARNER, event) | _recipients(Side.PAYER, event)
            qari = _recipients(Side.QARI, event)
            return qari if by is Party.LEARNER else learners if by is Party.QARI else learners | qari
        case Side.LEARNER | Side.PAYER | Side.QARI | Side.GUARDIAN | Side.CHILD:
            return {getattr(event, f"{side}_id")}


def _not_after(event: Event) -> datetime | None:
    return event.answer_by if isinstance(event, RescheduleProposed) else None
