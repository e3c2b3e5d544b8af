"""Events reach their subscribers at least once, whatever fails. (NOTI-13)"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

from application.outbox.backoff import LONGEST, MAX_ATTEMPTS, wait_after
from application.outbox.relay import LEASE, RelayEvents
from domain.booking.events import BookingConfirmed
from domain.events import Event
from domain.ids import EventId
from fakes.clock import NOON, FixedClock
from fakes.news import an_event
from fakes.outbox import Task
from fakes.unit import MemoryStore, MemoryUnit
from ports.errors import GatewayRefused


class Listener:
    """``troubles``: raised once for each entry, before anything is heard."""

    def __init__(self, *troubles: Exception) -> None:
        self.heard: list[EventId] = []
        self.troubles = list(troubles)

    async def __call__(self, event_id: EventId, event: Event) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.heard.append(event_id)


class Gatherer(Listener):
    """``refuses``: raised whenever that event is among those of one go."""

    def __init__(self, refuses: int | None = None) -> None:
        super().__init__()
        self.turns: list[int] = []
        self.refuses = refuses

    async def __call__(self, event_id: EventId, event: Event) -> None:
        await self.together([(event_id, event)])

    async def together(self, news: Sequence[tuple[EventId, Event]]) -> None:
        self.turns.append(len(news))
        if any(event_id.int == self.refuses for event_id, _ in news):
            raise RuntimeError("not that one")
        self.heard += [event_id for event_id, _ in news]


class World:
    def __init__(self, **listeners: Listener) -> None:
        self.store, self.clock, self.listeners = MemoryStore(), FixedClock(NOON), listeners
        self.relay = self.relaying()

    def relaying(self, new_unit: Callable[[], MemoryUnit] | None = None) -> RelayEvents:
        return RelayEvents(new_unit or self.unit, self.clock, self.listeners, jitter=lambda: 1.0)

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store, lambda _: tuple(self.listeners))

    async def happens(self, times: int = 1) -> None:
        async with self.unit() as unit:
            unit.record(*(an_event(BookingConfirmed) for _ in range(times)))
            await unit.commit()

    @property
    def tasks(self) -> list[Task]:
        return list(self.store.shelf("outbox").values())


async def test_each_subscriber_hears_each_event_once() -> None:
    world = World(mail=Listener(), meeting=Listener())
    await world.happens(times=50)

    assert await world.relay() == 100

    assert [len(set(listener.heard)) for listener in world.listeners.values()] == [50, 50]
    assert all(task.done for task in world.tasks)
    assert await world.relay() == 0


async def test_who_can_take_several_events_at_once_is_given_them_so() -> None:
    world = World(mail=Gatherer(), meeting=Listener())
    await world.happens(times=10)

    assert await world.relay() == 20

    mail = world.listeners["mail"]
    assert isinstance(mail, Gatherer)
    assert mail.turns == [10]
    assert len(set(mail.heard)) == len(world.listeners["meeting"].heard) == 10
    assert all(task.done for task in world.tasks)


async def test_where_several_at_once_do_not_work_each_is_told_by_itself() -> None:
    world = World(mail=Gatherer())
    await world.happens(times=3)
    mail = world.listeners["mail"]
    assert isinstance(mail, Gatherer)
    mail.refuses = max(event_id.int for event_id, _ in world.store.shelf("outbox"))

    await world.relay()

    assert mail.turns == [3, 1, 1, 1]
    assert len(mail.heard) == 2
    assert [task.error for task in world.tasks if not task.done] == ["RuntimeError: not that one"]
    await world.happens(times=2)
    world.clock.advance(LONGEST)
    await world.relay()
    assert mail.turns[4:] in ([2, 1], [1, 2])  # whoever has failed stands for himself


async def test_a_failing_subscriber_does_not_hold_up_the_others() -> None:
    world = World(mail=Listener(RuntimeError("boom")), meeting=Listener())
    await world.happens()

    await world.relay()

    assert world.listeners["meeting"].heard
    assert not world.listeners["mail"].heard
    world.clock.advance(timedelta(seconds=2))
    await world.relay()
    assert world.listeners["mail"].heard


async def test_what_keeps_failing_is_parked_with_its_reason() -> None:
    world = World(mail=Listener(*(RuntimeError("boom") for _ in range(MAX_ATTEMPTS))))
    await world.happens()

    for _ in range(MAX_ATTEMPTS):
        await world.relay()
        world.clock.advance(LONGEST)

    (task,) = world.tasks
    assert (task.dead, task.error) == (True, "RuntimeError: boom")
    assert await world.relay() == 0


async def test_a_clear_no_is_parked_at_once() -> None:
    world = World(mail=Listener(GatewayRefused("provider", "never")))
    await world.happens()

    await world.relay()

    assert world.tasks[0].dead


async def test_a_task_for_an_unknown_subscriber_waits_for_a_worker_that_knows_it() -> None:
    world = World(newer=Listener())
    await world.happens()
    older = RelayEvents(world.unit, world.clock, {})

    await older()

    assert "newer" in world.tasks[0].error
    world.clock.advance(minutes=1)
    await world.relay()
    assert world.listeners["newer"].heard


async def test_what_a_killed_worker_had_claimed_is_found_when_its_lease_ends() -> None:
    world = World(mail=Listener())
    await world.happens()
    async with world.unit() as unit:
        await unit.outbox.claim(now=NOON, lease=LEASE, limit=10)
        await unit.commit()

    assert await world.relay() == 0
    world.clock.advance(LEASE)
    assert await world.relay() == 1
    assert len(world.listeners["mail"].heard) == 1


async def test_two_relays_share_the_work() -> None:
    world = World(mail=Listener())
    await world.happens(times=60)

    await asyncio.gather(world.relay(), world.relaying()())

    assert len(world.listeners["mail"].heard) == len(set(world.listeners["mail"].heard)) == 60


def test_the_wait_doubles_up_to_an_hour_and_half_of_it_is_chance() -> None:
    waits = [wait_after(attempt, lambda: 1.0) for attempt in range(1, MAX_ATTEMPTS + 1)]

    assert waits[:4] == [timedelta(seconds=s) for s in (2, 4, 8, 16)]
    assert max(waits) == LONGEST
    assert wait_after(3, lambda: 0.0) == timedelta(seconds=4)
