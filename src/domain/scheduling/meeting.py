"""The live class of one lesson: asked for once, made once, opened only to its participants. (LIVE-03, LIVE-11)"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.ids import BookingId, MeetingHostId, MeetingId, StrayId, UserId
from domain.machine import Lifecycle
from domain.time import TimeSlot


class Status(StrEnum):
    PLANNED = "planned"
    READY = "ready"
    CANCELLED = "cancelled"


TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.PLANNED: frozenset({Status.READY, Status.CANCELLED}),
    Status.READY: frozenset({Status.PLANNED, Status.CANCELLED}),
    Status.CANCELLED: frozenset(),
}
LIFECYCLE: Final = Lifecycle("meeting", TRANSITIONS, start=frozenset({Status.PLANNED}))


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """``sealed_room`` is the provider's handle, encrypted: neither a dump of the database nor a log opens a class.
    A moved lesson keeps its meeting; ``slot`` is the time that the provider knows, None where he knows none.

    ``provider``: who is asked next, and holds it once it is ready; it changes to the one that stands in, never back.
    ``claimed_until``: a worker is asking just now. ``attempts``: how often one began to. ``reference``: what the
    provider's messages call the room, which opens nothing.
    """

    id: MeetingId
    booking_id: BookingId
    provider: str
    created_at: datetime
    status: Status = Status.PLANNED
    sealed_room: bytes | None = None
    ready_at: datetime | None = None
    version: int = 1
    host_id: MeetingHostId | None = None
    slot: TimeSlot | None = None
    claimed_until: datetime | None = None
    attempts: int = 0
    reference: str = ""

    def __post_init__(self) -> None:
        if self.status is Status.READY and self.sealed_room is None:
            raise ValueError("a meeting that is ready has a room")

    def is_claimed(self, at: datetime) -> bool:
        return self.claimed_until is not None and at < self.claimed_until

    def claim(self, *, provider: str, host_id: MeetingHostId | None, slot: TimeSlot, until: datetime) -> "Meeting":
        """From here on one worker alone asks that provider, until it says what came of it. (LIVE-03)"""
        return self._next(
            provider=provider, host_id=host_id, slot=slot, claimed_until=until, attempts=self.attempts + 1
        )

    def released(self) -> "Meeting":
        return self._next(claimed_until=None)

    def stand_in(self, provider: str) -> "Meeting":
        """Another provider is asked from now on. (LIVE-12)"""
        return msgspec.structs.replace(self.lost(), provider=provider, attempts=0)

    def ready(self, sealed_room: bytes, *, at: datetime, reference: str = "") -> "Meeting":
        return self._to(
            Status.READY, sealed_room=sealed_room, ready_at=at, claimed_until=None, reference=reference, attempts=0
        )

    def moved(self, slot: TimeSlot) -> "Meeting":
        return self._next(slot=slot)

    def lost(self) -> "Meeting":
        """Its room is gone, or given up: it needs another one."""
        gone = {"sealed_room": None, "ready_at": None, "claimed_until": None, "host_id": None, "reference": ""}
        return self._to(Status.PLANNED, **gone) if self.status is Status.READY else self._next(**gone)

    def cancel(self) -> "Meeting":
        return self._to(Status.CANCELLED, sealed_room=None, claimed_until=None, host_id=None)

    def _to(self, status: Status, **changes: Any) -> "Meeting":
        return self._next(status=LIFECYCLE.step(self.status, status), **changes)

    def _next(self, **changes: Any) -> "Meeting":
        return msgspec.structs.replace(self, version=self.version + 1, **changes)


class Stray(msgspec.Struct, frozen=True, kw_only=True):
    """A room that no lesson uses, or may be there: the answer to "make one" was never heard, and ``sealed_room`` is
    None then.
    """

    id: StrayId
    booking_id: BookingId
    provider: str
    host_id: MeetingHostId | None
    slot: TimeSlot
    noted_at: datetime
    sealed_room: bytes | None = None


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """The provider saw somebody come or go: evidence of attendance under a name of their own choosing. (LIVE-09)

    ``key``: the provider's message, told once however often it comes.
    """

    booking_id: BookingId
    key: str
    name: str
    came: bool
    at: datetime


class Click(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody pressed "join" and was let in: evidence of attendance, not proof of it."""

    booking_id: BookingId
    user_id: UserId
    at: datetime
