"""What keeps failing, and how much is waiting."""

from datetime import datetime
from typing import Protocol

import msgspec

from domain.ids import EventId
from ports.paging import Page


class DeadTask(msgspec.Struct, frozen=True, kw_only=True):
    """Without the event's content: that may speak of people."""

    event_id: EventId
    subscriber: str
    event_type: str
    attempts: int
    error: str
    created_at: datetime
    died_at: datetime


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """``oldest_due_at``: how long the one that waits longest has been due."""

    queue: str
    waiting: int
    dead: int
    oldest_due_at: datetime | None


class OversightQueries(Protocol):
    async def backlogs(self, now: datetime) -> list[Backlog]:
        """Of the outbox and of the messages."""
        ...

    async def dead_tasks(self, *, cursor: str | None = None, limit: int = 50) -> Page[DeadTask]:
        """Newest first. Raises BadCursor."""
        ...
