"""Reminders: once, inside their window, never late, never for a lesson that does not stand. (BOOK-07, OPS-14)"""

import asyncio
from datetime import datetime, timedelta

from application.notification.notice import NoticeBuilder
from application.notification.preferences import UnsubscribeLinks
from application.notification.remind import SendReminders
from application.notification.send import SendDeliveries
from domain.ids import EventId, UserId
from domain.notification.delivery import Status
from fakes.clock import NOON, FixedClock
from fakes.news import LEARNER, QARI, a_lesson, starting
from fakes.notification import EchoComposer, MemoryMailbox, MemoryNotificationQueries, RecordingWakeup
from fakes.unit import MemoryStore, MemoryUnit

DAY, HOUR, STEP = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)


class World:
    def __init__(self) -> None:
        self.store, self.clock, self.mailbox = MemoryStore(), FixedClock(NOON), MemoryMailbox()
        self.queries, self.composer = MemoryNotificationQueries(), EchoComposer()
        self.remind = SendReminders(lambda: MemoryUnit(self.store), self.clock, self.queries, RecordingWakeup())

    async def send(self) -> int:
        async def mint(event_id: EventId, user_id: UserId, *_: object, **__: object) -> str:
            raise AssertionError("no reminder needs a token")

        notices = NoticeBuilder(self.clock, self.queries, mint, None, UnsubscribeLinks("secret"))
        send = SendDeliveries(lambda: MemoryUnit(self.store), self.clock, notices, self.composer, self.mailbox)
        return await send()

    async def live_until(self, moment: datetime) -> None:
        """A worker that ticks every five minutes."""
        while self.clock.now() < moment:
            await self.remind()
            await self.send()
            self.clock.advance(STEP)

    @property
    def told(self) -> list[tuple[UserId, int]]:
        return sorted((notice.to.user_id, notice.facts["lead_min"]) for notice in self.composer.notices)


async def test_both_sides_hear_a_day_and_an_hour_before() -> None:
    world = World()
    world.queries.put(starting(NOON + 2 * DAY + timedelta(minutes=3)))

    await world.live_until(NOON + 2 * DAY + HOUR)

    assert world.told == [(LEARNER, 60), (LEARNER, 1440), (QARI, 60), (QARI, 1440)]


async def test_each_reminder_comes_within_five_minutes_of_its_time() -> None:
    world, starts = World(), NOON + 2 * DAY + timedelta(minutes=3)
    world.queries.put(starting(starts))

    await world.live_until(starts)

    for notice in world.composer.notices:
        due = starts - timedelta(minutes=notice.facts["lead_min"])
        assert due <= notice.at < due + STEP


async def test_after_an_outage_of_two_hours_nobody_gets_stale_reminders() -> None:  # OPS-14
    world = World()
    world.queries.put(starting(NOON + DAY + timedelta(minutes=10)))
    world.clock.advance(hours=2)

    await world.live_until(NOON + timedelta(hours=20))

    assert world.told == []


async def test_a_reminder_that_was_queued_before_an_outage_is_not_sent_after_it() -> None:
    world = World()
    world.queries.put(starting(NOON + DAY))
    await world.remind()
    world.clock.advance(hours=2)

    await world.send()

    assert world.mailbox.sent == []
    assert {d.status for d in world.store.shelf("deliveries").values()} == {Status.WITHDRAWN}


async def test_a_cancelled_lesson_is_not_reminded_of() -> None:
    world = World()
    world.queries.put(starting(NOON + HOUR, status="cancelled"))

    await world.remind()

    assert await world.send() == 0


async def test_a_lesson_that_is_cancelled_after_queueing_is_not_reminded_of() -> None:
    world = World()
    world.queries.put(starting(NOON + HOUR))
    await world.remind()
    world.queries.put(starting(NOON + HOUR, status="cancelled"))

    await world.send()

    assert world.mailbox.sent == []


async def test_a_moved_lesson_is_reminded_of_at_its_new_time_only() -> None:
    world = World()
    world.queries.put(starting(NOON + HOUR))
    await world.remind()
    world.queries.put(starting(NOON + 2 * HOUR, sequence=1))

    await world.live_until(NOON + 2 * HOUR)

    assert world.told == [(LEARNER, 60), (QARI, 60)]
    assert min(notice.at for notice in world.composer.notices) == NOON + HOUR


async def test_two_schedulers_send_once() -> None:  # OPS-14
    world = World()
    world.queries.put(starting(NOON + HOUR))

    await asyncio.gather(world.remind(), world.remind())
    await asyncio.gather(world.send(), world.send())

    assert len(world.mailbox.sent) == 2  # one each for the learner and the Qari


async def test_a_lesson_booked_within_the_hour_gets_no_late_reminder() -> None:
    world = World()
    world.queries.put(a_lesson(starts_at=NOON + timedelta(minutes=30), ends_at=NOON + HOUR))

    await world.live_until(NOON + HOUR)

    assert world.told == []
