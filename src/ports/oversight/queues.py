"""Items that wait for a person, oldest first. (ADM-03)"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from domain.ids import UserId
from domain.oversight.queues import Queue
from ports.paging import Page


class QueueItem(msgspec.Struct, frozen=True, kw_only=True):
    """``item`` names it within its queue; ``subject`` is what it is about and has a page (a lesson, a payment);
    ``about`` are names or a type, as they are. ``since``: its age. Nobody has taken it on while ``owner_id`` is None.
    """

    queue: Queue
    item: str
    subject: str
    about: str
    since: datetime
    owner_id: UserId | None
    owner_name: str | None


class QueueLength(msgspec.Struct, frozen=True):
    waiting: int
    oldest: datetime | None


class QueueQueries(Protocol):
    async def lengths(self, now: datetime) -> Mapping[Queue, QueueLength]:
        """Of all queues."""
        ...

    async def items(
        self, queue: Queue, *, now: datetime, cursor: str | None = None, limit: int = 50
    ) -> Page[QueueItem]:
        """Oldest first. Raises BadCursor."""
        ...

    async def waits(self, queue: Queue, item: str, *, now: datetime) -> bool:
        """Whether there is something of that name to take on."""
        ...
