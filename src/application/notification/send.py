"""Takes queued messages to the mail server, each of them once as far as anybody can tell. (NOTI-13)"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from application.outbox.backoff import MAX_ATTEMPTS, Jitter, system_jitter, told, wait_after
from domain.billing.events import PaymentEvent
from domain.booking.events import BookingConfirmed, BookingEvent
from domain.errors import StaleWrite
from domain.ids import BookingId, EventId, UserId
from domain.notification.delivery import Delivery
from domain.notification.events import LessonDue
from domain.notification.topic import Topic
from ports.clock import Clock
from ports.errors import GatewayRefused
from ports.notification.compose import MailComposer, Notice
from ports.notification.mail import MailSender
from ports.notification.queries import Lesson, NotificationQueries, Person
from ports.unit_of_work import NewUnit

LEASE: Final = timedelta(minutes=2)
BATCH: Final = 20
WAITING: Final = frozenset({"held", "pending_payment"})
log = structlog.get_logger(__name__)

MintToken = Callable[[EventId, UserId], Awaitable[str]]
"""A single-use token for somebody's address; the same id gives the same token."""


class Withdrawn(Exception):
    """The message is not true any more, or nobody is there to read it."""


class SendDeliveries:
    """Claim, send outside of any transaction, mark. A worker that dies in between leaves a lease; whoever sends the
    message again does so under the same Message-ID. Answers how many it took up.
    """

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        queries: NotificationQueries,
        composer: MailComposer,
        sender: MailSender,
        mint_token: MintToken,
        school: Person | None,
        jitter: Jitter = system_jitter,
    ) -> None:
        self._new_unit, self._clock, self._jitter = new_unit, clock, jitter
        self._queries, self._composer, self._sender = queries, composer, sender
        self._mint_token, self._school = mint_token, school

    async def __call__(self) -> int:
        """Until nothing is due."""
        count = 0
        while True:
            async with self._new_unit() as unit:
                claimed = await unit.deliveries.claim(now=self._clock.now(), lease=LEASE, limit=BATCH)
                await unit.commit()
            for delivery in claimed:
                await self._store(await self._attempt(delivery))
            count += len(claimed)
            if len(claimed) < BATCH:
                return count

    async def _attempt(self, delivery: Delivery) -> Delivery:
        try:
            mail = self._composer.compose(await self._notice(delivery))
            await self._sender.send(mail, at=self._clock.now())
        except Withdrawn as why:
            return delivery.withdraw(why=str(why))
        except Exception as error:  # noqa: BLE001  (kept with the message, which waits or is parked)
            log.warning(
                "message_not_sent",
                delivery_id=str(delivery.id),
                topic=delivery.topic.value,
                attempts=delivery.attempts,
                error=type(error).__name__,
            )
            if delivery.attempts >= MAX_ATTEMPTS or isinstance(error, GatewayRefused):
                return delivery.bury(error=told(error))
            due = self._clock.now() + wait_after(delivery.attempts, self._jitter)
            return delivery.postpone(until=due, error=told(error))
        return delivery.sent(at=self._clock.now())

    async def _store(self, delivery: Delivery) -> None:
        async with self._new_unit() as unit:
            try:
                await unit.deliveries.save(delivery)
            except StaleWrite:
                return  # the lease ran out and somebody else has it; he writes down what became of it
            await unit.commit()

    async def _notice(self, delivery: Delivery) -> Notice:
        """Raises Withdrawn."""
        if delivery.is_stale(self._clock.now()):
            raise Withdrawn("its time had passed")
        person = self._school
        if delivery.recipient_id is not None:
            person = await self._queries.person(delivery.recipient_id)
        if person is None:
            raise Withdrawn("there is nobody to read it")
        lessons = await self._lessons(delivery)
        reason = _outdated(delivery, lessons)
        if reason:
            raise Withdrawn(reason)
        secret = ""
        if delivery.topic is Topic.VERIFY_EMAIL:
            secret = await self._mint_token(EventId(delivery.id), person.user_id)
        return Notice(
            message_id=str(delivery.id),
            topic=delivery.topic,
            to=person,
            to_school=delivery.recipient_id is None,
            at=delivery.created_at,
            lessons=tuple(lessons),
            facts=msgspec.structs.asdict(delivery.event),
            secret=secret,
        )

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
        case Topic.LESSON_REQUESTED if status != {"requested"}:
            return "the request is settled"
        case Topic.REQUEST_APPROVED | Topic.PAYMENT_FAILED if not status & WAITING:
            return "there is nothing to pay any more"
        case _:
            pass
    return ""
