"""The school's hosts, and when they are taken."""

from collections.abc import Sequence
from typing import Protocol

from domain.ids import BookingId, MeetingHostId
from domain.scheduling.meeting_host import MeetingHost
from domain.scheduling.meeting_server import Service
from domain.time import TimeSlot


class MeetingHostRepository(Protocol):
    async def get(self, host_id: MeetingHostId) -> MeetingHost:
        """Raises NotFound."""
        ...

    async def all(self) -> Sequence[MeetingHost]:
        """By provider, account and address."""
        ...

    async def add(self, host: MeetingHost) -> bool:
        """False when the school has that one already; nothing is stored then."""
        ...

    async def save(self, host: MeetingHost) -> None:
        """Whether it is active. Raises NotFound."""
        ...

    async def occupy(self, provider: Service, booking_id: BookingId, span: TimeSlot) -> MeetingHost | None:
        """Keeps the one the lesson has where he is free then; else whoever is, the one with the fewest classes around
        that day first. None, and nothing is kept, when nobody is. (LIVE-10)
        """
        ...

    async def free(self, booking_id: BookingId) -> None: ...

    async def load(self, span: TimeSlot) -> dict[MeetingHostId, int]:
        """How many classes each has in that time."""
        ...
