"""The live class of one lesson: asked for once, made once, opened only to its participants. (LIVE-03, LIVE-11)"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.ids import BookingId, MeetingId, UserId
from domain.machine import Lifecycle


class Status(StrEnum):
    PLANNED = "planned"
    READY = "ready"
    CANCELLED = "cancelled"


TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.PLANNED: frozenset({Status.READY, Status.CANCELLED}),
    Status.READY: frozenset({Status.CANCELLED}),
    Status.CANCELLED: frozenset(),
}
LIFECYCLE: Final = Lifecycle("meeting", TRANSITIONS, start=frozenset({Status.PLANNED}))


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """``sealed_room`` is the provider's handle, encrypted: neither a dump of the database nor a log opens a class.
    A moved lesson keeps its meeting.
    """

    id: MeetingId
    booking_id: BookingId
    provider: str
    created_at: datetime
    status: Status = Status.PLANNED
    sealed_room: bytes | None = None
    ready_at: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        if self.status is Status.READY and self.sealed_room is None:
            raise ValueError("a meeting that is ready has a room")

    def ready(self, sealed_room: bytes, *, at: datetime) -> "Meeting":
        return self._to(Status.READY, sealed_room=sealed_room, ready_at=at)

    def cancel(self) -> "Meeting":
        return self._to(Status.CANCELLED, sealed_room=None)

    def _to(self, status: Status, **changes: Any) -> "Meeting":
        following = LIFECYCLE.step(self.status, status)
        return msgspec.structs.replace(self, status=following, version=self.version + 1, **changes)


class Click(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody pressed "join" and was let in: evidence of attendance, not proof of it."""

    booking_id: BookingId
    user_id: UserId
    at: datetime
