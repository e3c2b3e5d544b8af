"""Takes events to those who wait for them, at least once. (NOTI-13)"""

import asyncio
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final, Protocol, runtime_checkable

import structlog

from application.outbox.backoff import MAX_ATTEMPTS, Jitter, system_jitter, told, wait_after
from domain.events import Event, event_type
from domain.ids import AcademyId, EventId
from ports.academy import within
from ports.clock import Clock
from ports.errors import GatewayRefused
from ports.outbox import OutboxTask
from ports.unit_of_work import NewUnit

LEASE: Final = timedelta(seconds=60)
HANDLER_TIMEOUT_S: Final = 45.0
"""Less than the lease: nobody still works on a task that another worker may claim."""
TOGETHER_TIMEOUT_S: Final = 10.0
"""With the one above still less than the lease."""
BATCH: Final = 40
AT_ONCE: Final = 4
log = structlog.get_logger(__name__)


class Subscriber(Protocol):
    """Idempotent: it may see the same event again, even at the same time."""

    async def __call__(self, event_id: EventId, event: Event) -> None: ...


@runtime_checkable
class Gathering(Protocol):
    """A subscriber that takes several events in one transaction: all of them, or it raises and it was none."""

    async def __call__(self, event_id: EventId, event: Event) -> None: ...
    async def together(self, news: Sequence[tuple[EventId, Event]]) -> None: ...


class UnknownSubscriber(Exception):
    """Written by a newer release perhaps: it waits for a worker that knows."""


class RelayEvents:
    """Answers how many tasks it took up. A failing task waits and is tried again, in the end it is parked as dead; it
    never holds up the others.
    """

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        subscribers: Mapping[str, Subscriber],
        jitter: Jitter = system_jitter,
    ) -> None:
        self._new_unit, self._clock, self._subscribers, self._jitter = new_unit, clock, subscribers, jitter

    async def __call__(self) -> int:
        """Until nothing is due."""
        count = 0
        while tasks := await self._claim():
            turns, delivered = asyncio.Semaphore(AT_ONCE), Delivered(self._new_unit, self._clock)
            await asyncio.gather(*(self._deliver(group, turns, delivered) for group in self._groups(tasks)))
            count += len(tasks)
            if len(tasks) < BATCH:
                break
        return count

    async def _claim(self) -> list[OutboxTask]:
        async with self._new_unit() as unit:
            tasks = await unit.outbox.claim(now=self._clock.now(), lease=LEASE, limit=BATCH)
            await unit.commit()
        return list(tasks)

    def _groups(self, tasks: Sequence[OutboxTask]) -> Iterable[list[OutboxTask]]:
        """What one subscriber takes at once. A task that has failed before stands for itself."""
        groups: dict[Hashable, list[OutboxTask]] = {}
        for task in tasks:
            gathers = task.attempts == 1 and isinstance(self._subscribers.get(task.subscriber), Gathering)
            key = (task.academy_id, task.subscriber) if gathers else (task.event_id, task.subscriber)
            groups.setdefault(key, []).append(task)
        return groups.values()

    async def _deliver(self, tasks: list[OutboxTask], turns: asyncio.Semaphore, delivered: "Delivered") -> None:
        """All at once; where that does not work, each by itself."""
        with within(tasks[0].academy_id):
            async with turns:
                heard = await (self._hand_over(tasks[0]) if len(tasks) == 1 else self._gathered(tasks))
            if heard:
                await delivered.mark(tasks)
            elif len(tasks) > 1:
                await asyncio.gather(*(self._deliver([task], turns, delivered) for task in tasks))

    async def _gathered(self, tasks: list[OutboxTask]) -> bool:
        subscriber = self._subscribers[tasks[0].subscriber]
        assert isinstance(subscriber, Gathering)  # noqa: S101 - that is how it came to several
        try:
            async with asyncio.timeout(TOGETHER_TIMEOUT_S):
                await subscriber.together([(task.event_id, task.event) for task in tasks])
        except Exception as error:  # noqa: BLE001  (each of them says what was wrong with it)
            log.info("not_together", subscriber=tasks[0].subscriber, events=len(tasks), error=type(error).__name__)
            return False
        return True

    async def _hand_over(self, task: OutboxTask) -> bool:
        try:
            async with asyncio.timeout(HANDLER_TIMEOUT_S):
                await self._handler(task)(task.event_id, task.event)
        except Exception as error:  # noqa: BLE001  (whatever a subscriber raises is kept with its task)
            await self._failed(task, error)
            return False
        return True

    def _handler(self, task: OutboxTask) -> Subscriber:
        try:
            return self._subscribers[task.subscriber]
        except KeyError:
            raise UnknownSubscriber(task.subscriber) from None

    async def _failed(self, task: OutboxTask, error: Exception) -> None:
        now = self._clock.now()
        gives_up = task.attempts >= MAX_ATTEMPTS or isinstance(error, GatewayRefused)
        log.warning(
            "subscriber_failed",
            subscriber=task.subscriber,
            happened=event_type(type(task.event)),
            event_id=str(task.event_id),
            attempts=task.attempts,
            error=type(error).__name__,
            buried=gives_up,
        )
        async with self._new_unit() as unit:
            if gives_up:
                await unit.outbox.bury(task.event_id, task.subscriber, at=now, error=told(error))
            else:
                due = now + wait_after(task.attempts, self._jitter)
                await unit.outbox.retry(task.event_id, task.subscriber, due=due, error=told(error))
            await unit.commit()


class Delivered:
    """Marks tasks as done. What is delivered while one mark is on its way goes with the next, all at once."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock
        self._turn = asyncio.Lock()
        self._waiting: dict[AcademyId, list[tuple[EventId, str]]] = {}

    async def mark(self, tasks: Sequence[OutboxTask]) -> None:
        academy_id = tasks[0].academy_id
        self._waiting.setdefault(academy_id, []).extend((task.event_id, task.subscriber) for task in tasks)
        async with self._turn:
            marked = self._waiting.pop(academy_id, [])
            if marked:
                async with self._new_unit() as unit:
                    await unit.outbox.done(*marked, at=self._clock.now())
                    await unit.commit()
