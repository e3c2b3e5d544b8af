"""Live classes: what we keep about them, and what a provider does for us."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from domain.ids import BookingId, UserId
from domain.scheduling.meeting import Click, Meeting
from domain.scheduling.meeting_server import MeetingServer
from domain.time import TimeSlot


class MeetingRepository(Protocol):
    async def find(self, booking_id: BookingId) -> Meeting | None: ...

    async def add(self, meeting: Meeting) -> bool:
        """False when the lesson has a meeting already; nothing is stored then and the unit goes on."""
        ...

    async def save(self, meeting: Meeting) -> None:
        """Stores the next version. Raises StaleWrite unless ``meeting.version - 1`` is what is stored."""
        ...

    async def missing(self, window: TimeSlot, limit: int) -> Sequence[BookingId]:
        """Confirmed lessons that start in the window and have no meeting that is ready, soonest first. (BOOK-08)"""
        ...

    async def record_click(self, click: Click) -> None: ...

    async def clicks(self, booking_id: BookingId) -> Sequence[Click]:
        """In order of time."""
        ...


class MeetingRequest(msgspec.Struct, frozen=True, kw_only=True):
    booking_id: BookingId
    slot: TimeSlot


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """``leads``: may mute, remove and end. ``user_id`` reaches the provider only in a form of its own choosing."""

    user_id: UserId
    name: str
    leads: bool


class MeetingProvider(Protocol):
    """Raises GatewayUnavailable, GatewayRefused."""

    @property
    def name(self) -> str: ...

    async def create(self, request: MeetingRequest) -> str:
        """The room's handle, a secret of at least 128 bits. Asking twice for one lesson gives the same room."""
        ...

    async def join_url(
        self, room: str, participant: Participant, *, server: MeetingServer, opens_at: datetime, closes_at: datetime
    ) -> str:
        """A personal address, good within that time where the provider can tell."""
        ...

    async def cancel(self, room: str) -> None:
        """Cancelling an unknown room is no error."""
        ...
