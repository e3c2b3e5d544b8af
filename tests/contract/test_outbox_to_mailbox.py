"""From a commit to the mailbox, on PostgreSQL and a real folder: nothing lost, nothing twice. (NOTI-13)"""

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.messaging.calendar import CalendarWriter
from adapters.messaging.email.composer import EmailComposer
from adapters.messaging.email.maildir import MaildirMailbox
from adapters.persistence.notification.queries import SqlNotificationQueries
from adapters.persistence.unit_of_work import SqlUnit
from application.notification.notice import NoticeBuilder
from application.notification.notify import NotifyOnEvent
from application.notification.preferences import UnsubscribeLinks
from application.notification.remind import SendReminders
from application.notification.send import LEASE, SendDeliveries
from application.notification.subscriptions import NOTIFY
from application.outbox.relay import LEASE as RELAY_LEASE
from application.outbox.relay import RelayEvents
from domain.booking.events import BookingConfirmed
from domain.ids import EventId, UserId
from fakes.booking import LEARNER, a_confirmed
from fakes.clock import NOON, FixedClock
from fakes.identity import a_user
from fakes.ids import SequentialIds
from fakes.news import an_event
from fakes.notification import RecordingWakeup
from fakes.scheduling import QARI

LESSON = a_confirmed(start=NOON + timedelta(hours=1))


class World:
    def __init__(self, engine: AsyncEngine, folder: Path) -> None:
        self.engine, self.clock, self.new_id = engine, FixedClock(NOON), SequentialIds(1000)
        sender = "no-reply@school.example"
        self.mailbox = MaildirMailbox(folder, sender_name="Halaqa", sender_address=sender)
        calendar = CalendarWriter(base_url="https://school.example", organizer=sender, school="Halaqa")
        composer = EmailComposer(calendar, base_url="https://school.example", school="Halaqa", mail_from=sender)
        queries = SqlNotificationQueries(engine)
        notify = NotifyOnEvent(self.unit, self.clock, RecordingWakeup(), False)
        self.relay = RelayEvents(self.unit, self.clock, {NOTIFY: notify})
        notices = NoticeBuilder(self.clock, queries, self.no_token, None, UnsubscribeLinks("secret"))
        self.send = SendDeliveries(self.unit, self.clock, notices, composer, self.mailbox)
        self.remind = SendReminders(self.unit, self.clock, queries, RecordingWakeup())

    def unit(self) -> SqlUnit:
        return SqlUnit(self.engine, lambda _: (NOTIFY,), self.new_id)

    async def no_token(self, event_id: EventId, user_id: UserId, *_: object, **__: object) -> str:
        raise AssertionError("nothing here needs a token")

    async def confirm_and_die(self) -> None:
        """The commit is the last that was heard of the process: nobody was nudged."""
        async with self.unit() as unit:
            await unit.users.add(a_user(id=LEARNER, email="amina@example.org", name="Amina"))
            await unit.users.add(a_user(id=QARI, email="bilal@example.org", name="Bilal"))
            assert await unit.bookings.hold(LESSON)
            unit.record(
                an_event(
                    BookingConfirmed,
                    booking_id=LESSON.id,
                    learner_id=LEARNER,
                    payer_id=LEARNER,
                    qari_id=QARI,
                    starts_at=LESSON.slot.start,
                    ends_at=LESSON.slot.end,
                )
            )
            await unit.commit()

    async def told(self) -> list[tuple[str, str]]:
        return sorted((mail.to_address, mail.subject[:11]) for mail in (await self.mailbox.newest()).items)


CONFIRMED = [("amina@example.org", "Your lesson"), ("bilal@example.org", "Your lesson")]


async def test_after_a_crash_the_message_still_goes_once(database: AsyncEngine, tmp_path: Path) -> None:
    world = World(database, tmp_path / "mail")
    await world.confirm_and_die()

    await asyncio.gather(*(world.relay() for _ in range(3)))
    await asyncio.gather(*(world.send() for _ in range(3)))

    assert await world.told() == CONFIRMED
    world.clock.advance(LEASE)
    assert await world.relay() == await world.send() == 0


async def test_a_worker_killed_at_any_step_is_made_up_for(database: AsyncEngine, tmp_path: Path) -> None:
    world = World(database, tmp_path / "mail")
    await world.confirm_and_die()
    async with world.unit() as unit:  # claims the task, and is never seen again
        await unit.outbox.claim(now=world.clock.now(), lease=RELAY_LEASE, limit=10)
        await unit.commit()
    assert await world.relay() == 0
    world.clock.advance(RELAY_LEASE)
    assert await world.relay() == 1
    async with world.unit() as unit:  # claims the messages, and is never seen again
        await unit.deliveries.claim(now=world.clock.now(), lease=LEASE, limit=10)
        await unit.commit()
    assert await world.send() == 0
    world.clock.advance(LEASE)
    assert await world.send() == 2

    assert await world.told() == CONFIRMED


async def test_two_schedulers_on_one_database_remind_once(database: AsyncEngine, tmp_path: Path) -> None:  # OPS-14
    world = World(database, tmp_path / "mail")
    await world.confirm_and_die()

    queued = await asyncio.gather(*(world.remind() for _ in range(4)))
    await asyncio.gather(*(world.send() for _ in range(4)))

    assert sum(queued) == 2
    assert len(await world.told()) == 2
