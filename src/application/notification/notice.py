"""From a queued message to what its writer has to know, as things are at the moment of sending."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

import msgspec

from application.notification.preferences import UnsubscribeLinks
from domain.billing.events import PaymentEvent
from domain.booking.events import BookingConfirmed, BookingEvent
from domain.hijri import Reckoning
from domain.identity.events import EmailChanged, EmailChangeRequested
from domain.identity.session import VerificationPurpose
from domain.ids import BookingId, EventId, UserId
from domain.notification.delivery import Delivery
from domain.notification.events import LessonDue
from domain.notification.preference import MUTABLE, group_of
from domain.notification.topic import Topic
from domain.scheduling.class_events import OccurrenceDue, OccurrenceElsewhere, OccurrenceMoved
from ports.clock import Clock
from ports.notification.compose import Notice
from ports.notification.queries import Lesson, NotificationQueries, Person

WAITING: Final = frozenset({"held", "pending_payment"})

LINKS: Final[Mapping[Topic, VerificationPurpose]] = {
    Topic.VERIFY_EMAIL: VerificationPurpose.EMAIL,
    Topic.CONFIRM_NEW_EMAIL: VerificationPurpose.NEW_EMAIL,
    Topic.PASSWORD_RESET: VerificationPurpose.PASSWORD_RESET,
    Topic.INVITED: VerificationPurpose.INVITE,
}
"""Topics that carry a single-use link, and what it is good for."""


class MintToken(Protocol):
    """A single-use token for somebody's address; the same id gives the same token. ``address``: the one to prove, where
    it is not the account's.
    """

    async def __call__(
        self, event_id: EventId, user_id: UserId, purpose: VerificationPurpose = ..., address: str | None = ...
    ) -> str: ...


Reckonings = Callable[[], Awaitable[Reckoning]]
"""By which moon the academy at hand counts its days."""


class Withdrawn(Exception):
    """The message is not true any more, or nobody is there to read it."""


class NoticeBuilder:
    def __init__(
        self,
        clock: Clock,
        queries: NotificationQueries,
        mint_token: MintToken,
        school: Person | None,
        unsubscribe_links: UnsubscribeLinks,
        see_reckoning: Reckonings | None = None,
    ) -> None:
        self._clock, self._queries, self._mint_token = clock, queries, mint_token
        self._school, self._links, self._reckoning = school, unsubscribe_links, see_reckoning

    async def reader(self, delivery: Delivery) -> Person:
        """Raises Withdrawn when there is none, or its time has passed."""
        if delivery.is_stale(self._clock.now()):
            raise Withdrawn("its time had passed")
        person = self._school
        if delivery.recipient_id is not None:
            person = await self._queries.person(delivery.recipient_id)
        if person is None:
            raise Withdrawn("there is nobody to read it")
        match delivery.event:
            case EmailChangeRequested(email=address) | EmailChanged(was=address) if address:
                return msgspec.structs.replace(person, email=address)
        return person

    async def notice(self, delivery: Delivery, person: Person) -> Notice:
        """Raises Withdrawn."""
        await self._require_class(delivery)
        lessons = await self._lessons(delivery)
        reason = _outdated(delivery, lessons)
        if reason:
            raise Withdrawn(reason)
        secret = ""
        if delivery.topic in LINKS:
            event = delivery.event
            address = event.email if isinstance(event, EmailChangeRequested) else None
            secret = await self._mint_token(EventId(delivery.id), person.user_id, LINKS[delivery.topic], address)
        group = group_of(delivery.topic)
        reckoning = await self._reckoning() if lessons and self._reckoning is not None else Reckoning()
        return Notice(
            message_id=str(delivery.id),
            topic=delivery.topic,
            to=person,
            to_school=delivery.recipient_id is None,
            at=delivery.created_at,
            lessons=tuple(lessons),
            facts=msgspec.structs.asdict(delivery.event),
            secret=secret,
            unsubscribe=self._links.path(person.user_id, group) if group in MUTABLE else "",
            hijri_offset_days=reckoning.hijri_offset_days,
        )

    async def _require_class(self, delivery: Delivery) -> None:
        """The time of a class that is spoken of stands where it is said to. Raises Withdrawn."""
        event = delivery.event
        if not isinstance(event, OccurrenceDue | OccurrenceMoved | OccurrenceElsewhere):
            return
        if await self._queries.class_time(event.lesson_id) != event.starts_at:
            raise Withdrawn("the class was moved or cancelled")

    async def _lessons(self, delivery: Delivery) -> list[Lesson]:
        event = delivery.event
        if isinstance(event, BookingConfirmed) and event.series_id is not None:
            return list(await self._queries.confirmed_of_series(event.series_id, event.payment_id))
        if isinstance(event, PaymentEvent):
            return list(await self._queries.lessons(event.booking_ids))
        booking_id: BookingId | None = getattr(event, "booking_id", None)
        return list(await self._queries.lessons([booking_id])) if booking_id is not None else []


def _outdated(delivery: Delivery, lessons: list[Lesson]) -> str:
    """Why it must not go out any more; empty when it may."""
    event, status = delivery.event, {lesson.status for lesson in lessons}
    if isinstance(event, BookingEvent | LessonDue) and not lessons:
        return "the lesson is unknown, or stands no more"
    match delivery.topic:
        case Topic.LESSON_REMINDER if isinstance(event, LessonDue):
            if status != {"confirmed"} or lessons[0].starts_at != event.starts_at:
                return "the lesson was moved or cancelled"
        case Topic.LESSON_CONFIRMED if status != {"confirmed"}:
            return "the lesson is not confirmed any more"
        case Topic.CLASS_MOVED if status != {"confirmed"} or lessons[0].ends_at <= delivery.created_at:
            return "the class is over, or not held"
        case Topic.LESSON_REQUESTED if status != {"requested"}:
            return "the request is settled"
        case Topic.REQUEST_APPROVED | Topic.PAYMENT_FAILED if not status & WAITING:
            return "there is nothing to pay any more"
        case _:
            pass
    return ""
