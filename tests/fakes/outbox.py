"""The outbox in memory."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from domain.errors import NotFound
from domain.events import Event
from domain.ids import AcademyId, EventId
from ports.academy import FIRST_ACADEMY
from ports.outbox import OutboxTask


class Task(msgspec.Struct, frozen=True, kw_only=True):
    event: Event
    academy_id: AcademyId = FIRST_ACADEMY
    due_at: datetime
    attempts: int = 0
    done: bool = False
    dead: bool = False
    error: str = ""


class MemoryOutbox:
    def __init__(self, shelf: dict[tuple[EventId, str], Task]) -> None:
        self._tasks = shelf

    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[OutboxTask]:
        due = [
            (task.due_at, key) for key, task in self._tasks.items() if not (task.done or task.dead or task.due_at > now)
        ]
        claimed = sorted(key for _, key in sorted(due)[:limit])
        for key in claimed:
            self._change(key, attempts=self._tasks[key].attempts + 1, due_at=now + lease)
        return [
            OutboxTask(
                event_id=key[0],
                academy_id=task.academy_id,
                subscriber=key[1],
                event=task.event,
                attempts=task.attempts,
            )
            for key in claimed
            for task in [self._tasks[key]]
        ]

    async def done(self, *tasks: tuple[EventId, str], at: datetime) -> None:
        for task in tasks:
            self._change(task, done=True, error="")

    async def retry(self, event_id: EventId, subscriber: str, *, due: datetime, error: str) -> None:
        self._change((event_id, subscriber), due_at=due, error=error)

    async def bury(self, event_id: EventId, subscriber: str, *, at: datetime, error: str) -> None:
        self._change((event_id, subscriber), dead=True, error=error)

    async def revive(self, event_id: EventId, subscriber: str, *, at: datetime) -> None:
        task = self._tasks.get((event_id, subscriber))
        if task is None or not task.dead:
            raise NotFound("no such task is parked")
        self._change((event_id, subscriber), dead=False, due_at=at, attempts=0)

    def _change(self, key: tuple[EventId, str], **changes: Any) -> None:
        task = self._tasks.get(key)
        if task is not None and not task.done:
            self._tasks[key] = msgspec.structs.replace(task, **changes)
