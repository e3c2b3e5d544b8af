"""The outbox as the relay sees it: one task per event and subscriber, claimed with a lease."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from domain.events import Event
from domain.ids import AcademyId, EventId


class OutboxTask(msgspec.Struct, frozen=True, kw_only=True):
    event_id: EventId
    academy_id: AcademyId
    subscriber: str
    event: Event
    attempts: int


class Outbox(Protocol):
    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[OutboxTask]:
        """Due tasks of all academies, oldest first, hidden from other claimers until the lease ends. Counts the
        attempt. What comes after is done within the task's academy.
        """
        ...

    async def done(self, *tasks: tuple[EventId, str], at: datetime) -> None:
        """By event and subscriber."""
        ...

    async def retry(self, event_id: EventId, subscriber: str, *, due: datetime, error: str) -> None: ...

    async def bury(self, event_id: EventId, subscriber: str, *, at: datetime, error: str) -> None:
        """Parks a task that keeps failing as dead, for a person to read and replay."""
        ...

    async def revive(self, event_id: EventId, subscriber: str, *, at: datetime) -> None:
        """Raises NotFound unless it is dead."""
        ...


class Wakeup(Protocol):
    """A nudge that work is waiting. Losing one costs seconds, never work: sweeps find what is left behind."""

    async def nudge(self, queue: str) -> None:
        """``queue`` is "outbox", "webhooks", "deliveries" or "refunds". Never raises for a lost connection."""
        ...
