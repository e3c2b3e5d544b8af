"""Takes queued messages to where they are read, each of them once as far as anybody can tell. (NOTI-13, NOTI-14)"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from application.notification.bounces import mark_dead
from application.notification.carry import Carrier
from application.notification.notice import NoticeBuilder, Withdrawn
from application.outbox.backoff import MAX_ATTEMPTS, Jitter, system_jitter, told, wait_after
from domain.booking.events import BookingEvent
from domain.errors import StaleWrite
from domain.notification.bounce import is_hard
from domain.notification.delivery import Channel, Delivery, Status
from domain.notification.events import LessonDue
from domain.notification.preference import AT_ONCE, Group, group_of
from ports.clock import Clock
from ports.errors import GatewayRefused
from ports.notification.channels import Senders
from ports.notification.compose import MailComposer, Notice
from ports.notification.mail import MailSender
from ports.notification.queries import Person
from ports.unit_of_work import NewUnit

LEASE: Final = timedelta(minutes=2)
BATCH: Final = 20
log = structlog.get_logger(__name__)


class SendDeliveries:
    """Claim, send outside of any transaction, mark. A worker that dies in between leaves a lease; whoever sends the
    message again does so under the same Message-ID. Answers how many it took up.
    """

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        notice_builder: NoticeBuilder,
        composer: MailComposer,
        sender: MailSender,
        jitter: Jitter = system_jitter,
        senders: Senders | None = None,
    ) -> None:
        self._new_unit, self._clock, self._jitter = new_unit, clock, jitter
        self._notices, self._composer, self._sender = notice_builder, composer, sender
        self._carry = Carrier(senders or {}, clock, jitter)

    async def __call__(self) -> int:
        """Until nothing is due."""
        count = 0
        while True:
            async with self._new_unit() as unit:
                claimed = await unit.deliveries.claim(now=self._clock.now(), lease=LEASE, limit=BATCH)
                await unit.commit()
            replaced = False
            for first, *others in _bundles(claimed):
                for settled in await self._attempt(first, others):
                    await self._store(settled)
                    replaced |= settled.status is Status.REPLACED
            count += len(claimed)
            if len(claimed) < BATCH and not replaced:
                return count

    async def _attempt(self, delivery: Delivery, with_it: Sequence[Delivery]) -> list[Delivery]:
        """What became of it, and of those that went with it."""
        try:
            person = await self._notices.reader(delivery)
            rested = await self._rested(delivery, person)
            if rested is not None:
                return [rested, *(one.rest(until=rested.due_at, gathered=True) for one in with_it)]
            notice = await self._notices.notice(delivery, person)
        except Withdrawn as why:
            settled = [delivery.withdraw(why=str(why))]
            return settled + (await self._attempt(with_it[0], with_it[1:]) if with_it else [])
        except Exception as error:  # noqa: BLE001  (kept with the messages, which wait or are parked)
            return [self._failed(one, error) for one in (delivery, *with_it)]
        if delivery.channel is not Channel.EMAIL:
            return [await self._carry(delivery, notice, self._store)]
        others = await self._gathered(person, with_it) if delivery.gathered else []
        settled = [one for one, told_with in others if told_with is None]
        together = [delivery, *(one for one, told_with in others if told_with is not None)]
        notices = [notice, *(told_with for _, told_with in others if told_with is not None)]
        try:
            mail = self._composer.gather(notices) if len(notices) > 1 else self._composer.compose(notice)
            await self._sender.send(mail, at=self._clock.now())
        except Exception as error:  # noqa: BLE001  (kept with the messages, which wait or are parked)
            if isinstance(error, GatewayRefused) and is_hard(error.code):
                await self._mark_dead(person, delivery, error)
            return settled + [self._failed(one, error) for one in together]
        return settled + [one.sent(at=self._clock.now()) for one in together]

    async def _rested(self, delivery: Delivery, person: Person) -> Delivery | None:
        """Kept for later, or withdrawn, because its reader wants it so; None when it may go now."""
        if delivery.recipient_id is None:
            return None
        if delivery.channel is Channel.EMAIL:
            async with self._new_unit() as unit:
                dead = await unit.dead_addresses.of(delivery.recipient_id)
            if dead is not None and dead.silences(delivery.topic, person.email):
                raise Withdrawn("mail to this address comes back")
        if delivery.topic in AT_ONCE:
            return None
        async with self._new_unit() as unit:
            wishes = await unit.preferences.of(delivery.recipient_id)
        if not wishes.wants(delivery.topic):
            raise Withdrawn("its reader does without messages of this kind")
        now = self._clock.now()
        quiet = wishes.quiet_end(now, person.zone)
        if quiet is not None and not _of_no_use(delivery, quiet):
            return delivery.rest(until=quiet)
        digest = wishes.next_digest(now, person.zone) if delivery.channel is Channel.EMAIL else None
        if digest is None or delivery.gathered or group_of(delivery.topic) is Group.REMINDERS:
            return None
        return delivery.rest(until=digest, gathered=True)

    async def _mark_dead(self, person: Person, delivery: Delivery, error: GatewayRefused) -> None:
        if delivery.recipient_id is None:
            return
        async with self._new_unit() as unit:
            await mark_dead(
                unit, delivery.recipient_id, person.email, code=error.code, why=str(error), at=self._clock.now()
            )
            await unit.commit()

    async def _gathered(self, person: Person, known: Sequence[Delivery]) -> list[tuple[Delivery, Notice | None]]:
        """What else waits to be told with it; without a notice what is settled in another way."""
        async with self._new_unit() as unit:
            found = await unit.deliveries.due_together(person.user_id, now=self._clock.now(), lease=LEASE)
            await unit.commit()
        others: list[tuple[Delivery, Notice | None]] = []
        for other in (*known, *found):
            try:
                await self._notices.reader(other)
                others.append((other, await self._notices.notice(other, person)))
            except Withdrawn as why:
                others.append((other.withdraw(why=str(why)), None))
            except Exception as error:  # noqa: BLE001  (kept with the message, which waits or is parked)
                others.append((self._failed(other, error), None))
        return others

    def _failed(self, delivery: Delivery, error: Exception) -> Delivery:
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

    async def _store(self, delivery: Delivery) -> bool:
        """False: the lease ran out and somebody else has it. He writes down what became of it."""
        async with self._new_unit() as unit:
            try:
                await unit.deliveries.save(delivery)
            except StaleWrite:
                return False
            if delivery.status is Status.REPLACED:
                await unit.deliveries.add(delivery.as_mail(at=self._clock.now()))
            await unit.commit()
        return True


def _bundles(claimed: Sequence[Delivery]) -> list[list[Delivery]]:
    """What is gathered for one reader goes together, everything else by itself."""
    bundles: dict[object, list[Delivery]] = {}
    for delivery in claimed:
        bundles.setdefault(delivery.recipient_id if delivery.gathered else delivery.id, []).append(delivery)
    return list(bundles.values())


def _of_no_use(delivery: Delivery, later: datetime) -> bool:
    """News of a lesson that would have begun by then."""
    event = delivery.event
    return isinstance(event, BookingEvent | LessonDue) and delivery.created_at <= event.starts_at <= later
