"""Alerts as they are kept, and as they are put into words. They serve the whole installation, not one academy."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import msgspec

from domain.oversight.alert import Alert, Sign, Status
from ports.notification.mail import Mail
from ports.paging import Page


class AlertLog(Protocol):
    """Each call is a transaction of its own."""

    def alone(self) -> AbstractAsyncContextManager[bool]:
        """True for one at a time, of all processes; nobody waits."""
        ...

    async def open(self) -> Sequence[Alert]:
        """All that are not closed, oldest first."""
        ...

    async def past(self, *, cursor: str | None = None, limit: int = 50) -> Page[Alert]:
        """Closed ones, those first that began last. Raises BadCursor."""
        ...

    async def add(self, alert: Alert) -> bool:
        """False where one of that rule and subject is open already."""
        ...

    async def move(self, alert: Alert, *, was: Status) -> bool:
        """False where somebody else has moved it since."""
        ...


class Backlogged(msgspec.Struct, frozen=True, kw_only=True):
    """Of all academies together. ``oldest_due_at``: since when the one that waits longest has been due."""

    queue: str
    waiting: int
    dead: int
    oldest_due_at: datetime | None


class Measures(Protocol):
    async def backlogs(self, now: datetime) -> Sequence[Backlogged]: ...


class LookRound(Protocol):
    async def __call__(self, now: datetime) -> Sequence[Sign]:
        """Every rule of the one who looks that is true just now."""
        ...


class AlertWords(Protocol):
    """Who is told, and how."""

    def mails(self, alert: Alert) -> Sequence[Mail]:
        """One for each reader: that it began, or that it is over. The same ``message_id`` every time."""
        ...
