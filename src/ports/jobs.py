"""Scheduled work that runs once, however many workers there are, and what became of it. (OPS-14)"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """The last that is known of one job, for the job health page."""

    name: str
    last_started_at: datetime | None
    last_finished_at: datetime | None
    last_ok_at: datetime | None
    last_error: str
    last_count: int
    failures_in_a_row: int
    running_until: datetime | None
    worker: str


class JobBoard(Protocol):
    """Each call is a transaction of its own."""

    async def begin(self, name: str, *, tick: datetime, now: datetime, lease: timedelta, worker: str) -> bool:
        """True for the one who may run it. False when this tick, or a later one, has been taken, or when somebody
        still runs it; a runner that died is succeeded when his lease ends. A tick that lies more than two leases
        ahead was taken by a clock that was wrong, and counts for nothing.
        """
        ...

    async def finish(self, name: str, *, worker: str, at: datetime, count: int, error: str = "") -> None:
        """Gives the lease back. ``count``: how much there was to do. An empty error means success."""
        ...

    async def states(self) -> Sequence[JobState]:
        """By name."""
        ...
