"""Other calendars that Qaris keep: what is stored of them, and how they are read. (DISC-06)"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec

from domain.ids import ConnectionId, UserId
from domain.scheduling.connection import Connection, Source
from domain.time import TimeSlot
from ports.errors import GatewayRefused

MOST_PARTS = 20_000
"""So many busy times of one calendar are kept, the soonest ones."""


class BusyPart(msgspec.Struct, frozen=True):
    """One event of another calendar; ``slot`` is None where it keeps nobody busy (any more). ``key`` tells it from the
    others of its calendar and nothing about it: titles, places and people never get here.
    """

    key: str
    slot: TimeSlot | None


class BusyRead(msgspec.Struct, frozen=True, kw_only=True):
    """``whole``: all that there is, instead of what has changed. ``label``: what the calendar calls itself."""

    parts: Sequence[BusyPart]
    whole: bool
    cursor: str = ""
    label: str = ""


class AccessLost(GatewayRefused):
    """Its owner took our access away, or it ran out: asking again does not help, he has to let us in once more."""


class BusySource(Protocol):
    """One kind of calendar. ``secret`` is what opens it."""

    async def read(self, secret: str, cursor: str, window: TimeSlot, zone: str) -> BusyRead:
        """``cursor`` is that of the last reading, or empty to read it whole; ``window`` then says how far. ``zone`` is
        for events without one. Raises AccessLost, GatewayRefused, GatewayUnavailable.
        """
        ...

    async def forget(self, secret: str) -> None:
        """Gives the access back where there is something to give back. Raises like ``read``."""
        ...


BusySources = Mapping[Source, BusySource]


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """``address`` is where the Qari says yes; ``state`` and ``verifier`` stay in his browser, sealed."""

    address: str
    state: str
    verifier: str


@runtime_checkable
class CalendarConsent(Protocol):
    """Asks a Qari for his leave to read his calendar, at the provider's own page."""

    @property
    def offered(self) -> bool:
        """Whether this installation is known to the provider at all."""
        ...

    def leave(self, *, back_to: str) -> Leaving: ...

    async def arrive(self, *, code: str, verifier: str, back_to: str) -> str:
        """What opens the calendar from now on. Raises AccessLost where he has not said yes to all that is needed,
        GatewayRefused, GatewayUnavailable.
        """
        ...


class ConnectionRepository(Protocol):
    async def add(self, connection: Connection) -> None: ...

    async def get(self, connection_id: ConnectionId) -> Connection:
        """Raises NotFound, also for one that was removed."""
        ...

    async def save(self, connection: Connection) -> None:
        """Stores the next version. Raises StaleWrite unless ``connection.version - 1`` is what is stored. The busy
        times of one that was removed go; a strict one that is stale keeps its Qari busy altogether.
        """
        ...

    async def of(self, qari_id: UserId) -> Sequence[Connection]:
        """Those that stand, in the order in which they were connected."""
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[ConnectionId]:
        """Connected, and to be read by now; the longest waiting first."""
        ...

    async def keep_busy(self, connection: Connection, read: BusyRead) -> None:
        """Of a whole reading these and no others."""
        ...
