"""Takes events to those who wait for them, at least once. (NOTI-13)"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Protocol

import structlog

from application.outbox.backoff import MAX_ATTEMPTS, Jitter, system_jitter, told, wait_after
from domain.events import Event, event_type
from domain.ids import EventId
from ports.academy import within
from ports.clock import Clock
from ports.errors import GatewayRefused
from ports.outbox import OutboxTask
from ports.unit_of_work import NewUnit

LEASE: Final = timedelta(seconds=60)
HANDLER_TIMEOUT_S: Final = 45.0
"""Less than the lease: nobody still works on a task that another worker may claim."""
BATCH: Final = 40
AT_ONCE: Final = 4
log = structlog.get_logger(__name__)


class Subscriber(Protocol):
    """Idempotent: it may see the same event again, even at the same time."""

    async def __call__(self, event_id: EventId, event: Event) -> None: ...


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
            turns = asyncio.Semaphore(AT_ONCE)
            await asyncio.gather(*(self._deliver(task, turns) for task in tasks))
            count += len(tasks)
            if len(tasks) < BATCH:
                break
        return count

    async def _claim(self) -> list[OutboxTask]:
        async with self._new_unit() as unit:
            tasks = await unit.outbox.claim(now=self._clock.now(), lease=LEASE, limit=BATCH)
            await unit.commit()
        return list(tasks)

    async def _deliver(self, task: OutboxTask, turns: asyncio.Semaphore) -> None:
        async with turns:
            with within(task.academy_id):
                await self._hand_over(task)

    async def _hand_over(self, task: OutboxTask) -> None:
        try:
            async with asyncio.timeout(HANDLER_TIMEOUT_S):
                await self._handler(task)(task.event_id, task.event)
        except Exception as error:  # noqa: BLE001  (whatever a subscriber raises is kept with its task)
            await self._failed(task, error)
        else:
            async with self._new_unit() as unit:
                await unit.outbox.done(task.event_id, task.subscriber, at=self._clock.now())
                await unit.commit()

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
