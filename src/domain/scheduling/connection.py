"""Another calendar that a Qari keeps, read so that nobody books him when he is busy there. (DISC-06)

What was read last goes on counting while a calendar cannot be read. A Qari who would rather not be booked then says so
(``strict``): once nothing has been read for ``FRESH`` he has no free time at all, until it is read again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.ids import ConnectionId, UserId
from domain.machine import Lifecycle
from domain.scheduling.connection_events import CalendarUnread
from domain.time import TimeSlot

EVERY: Final = timedelta(minutes=3)
"""A calendar is read again after that time; with the sweep's minute, what is new there counts within five."""
FRESH: Final = timedelta(minutes=15)
"""What was read longer ago may not be true any more: its Qari sees it, hears of it, and is not booked if strict."""
LEASE: Final = timedelta(minutes=2)
"""As long as one reading may take: no other worker begins one meanwhile."""
SLOWEST: Final = timedelta(minutes=10)
REFUSALS: Final = 3
"""So many clear refusals in a row, and reading stops until the Qari does something."""
AHEAD: Final = timedelta(days=366)
"""As far as the farthest horizon of a Qari's bookings."""
ROLL: Final = timedelta(days=1)
"""A calendar that tells changes alone is read whole again after that time: the window moves on with the days."""


class Source(StrEnum):
    GOOGLE = "google"
    ICS = "ics"


class Status(StrEnum):
    """``LOST``: it cannot be read until its Qari does something about it."""

    CONNECTED = "connected"
    LOST = "lost"
    REMOVED = "removed"


TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.CONNECTED: frozenset({Status.LOST, Status.REMOVED}),
    Status.LOST: frozenset({Status.CONNECTED, Status.REMOVED}),
    Status.REMOVED: frozenset(),
}
LIFECYCLE: Final = Lifecycle("calendar connection", TRANSITIONS, start=frozenset({Status.CONNECTED}))


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """``sealed``: what opens the calendar, encrypted; gone once it is removed. ``cursor``: where a source that tells
    changes goes on, good until ``whole_until``. ``error``: the word for what is wrong, empty while nothing is.
    """

    id: ConnectionId
    qari_id: UserId
    source: Source
    label: str
    sealed: bytes | None
    created_at: datetime
    next_read_at: datetime
    status: Status = Status.CONNECTED
    strict: bool = False
    cursor: str = ""
    whole_until: datetime | None = None
    last_read_at: datetime | None = None
    refusals: int = 0
    failures: int = 0
    error: str = ""
    told_at: datetime | None = None
    version: int = 1

    @property
    def stands(self) -> bool:
        return self.status is not Status.REMOVED

    @property
    def fresh_until(self) -> datetime:
        return (self.last_read_at or self.created_at) + FRESH

    def is_stale(self, at: datetime) -> bool:
        return self.fresh_until <= at

    def window(self, at: datetime) -> TimeSlot:
        return TimeSlot(at - ROLL, at + AHEAD)

    def cursor_for(self, at: datetime) -> str:
        """Empty: read it whole."""
        return self.cursor if self.whole_until is not None and at < self.whole_until else ""

    def lent(self, *, at: datetime) -> "Connection":
        """To one worker, who is going to read it."""
        return self._with(next_read_at=at + LEASE)

    def read(self, *, at: datetime, cursor: str, whole: bool, label: str = "") -> "Connection":
        return self._with(
            last_read_at=at,
            next_read_at=at + EVERY,
            cursor=cursor,
            whole_until=at + ROLL if whole else self.whole_until,
            label=label or self.label,
            refusals=0,
            failures=0,
            error="",
            told_at=None,
        )

    def failed(self, why: str, *, at: datetime) -> tuple["Connection", CalendarUnread | None]:
        """No answer this time. The Qari hears of it once, when what is known gets old."""
        wait = min(EVERY * 2**self.failures, SLOWEST)
        missed = self._with(next_read_at=at + wait, failures=min(self.failures + 1, 16), error=why)
        return missed._telling(at) if missed.is_stale(at) else (missed, None)

    def refused(self, why: str, *, at: datetime, final: bool) -> tuple["Connection", CalendarUnread | None]:
        """A clear no. ``final``: it will be the same next time."""
        if not final and self.refusals + 1 < REFUSALS:
            missed, told = self.failed(why, at=at)
            return msgspec.structs.replace(missed, refusals=self.refusals + 1), told
        return self._to(Status.LOST, error=why, refusals=self.refusals + 1)._telling(at)

    def opened_again(self, sealed: bytes, *, at: datetime) -> "Connection":
        """The Qari let us in once more, or tells us to try."""
        status = self.status if self.status is Status.CONNECTED else LIFECYCLE.step(self.status, Status.CONNECTED)
        return self._with(
            status=status, sealed=sealed, cursor="", whole_until=None, next_read_at=at, refusals=0, failures=0
        )

    def removed(self) -> "Connection":
        return self._to(Status.REMOVED, sealed=None, cursor="", error="")

    def as_strict(self, strict: bool) -> "Connection":
        return self._with(strict=strict)

    def _telling(self, at: datetime) -> tuple["Connection", CalendarUnread | None]:
        """Once, until it has been read again."""
        if self.told_at is not None:
            return self, None
        event = CalendarUnread(
            at=at,
            connection_id=self.id,
            qari_id=self.qari_id,
            label=self.label,
            lost=self.status is Status.LOST,
            strict=self.strict,
        )
        return msgspec.structs.replace(self, told_at=at), event

    def _with(self, **changes: Any) -> "Connection":
        return msgspec.structs.replace(self, version=self.version + 1, **changes)

    def _to(self, status: Status, **changes: Any) -> "Connection":
        return self._with(status=LIFECYCLE.step(self.status, status), **changes)
