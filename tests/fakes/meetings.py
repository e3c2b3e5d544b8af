"""Live classes without a provider."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.booking.booking import Booking
from domain.booking.booking import Status as BookingStatus
from domain.errors import StaleWrite
from domain.ids import BookingId
from domain.scheduling.meeting import Click, Meeting, Status
from domain.scheduling.meeting_server import MeetingServer
from domain.time import TimeSlot
from ports.cipher import CannotOpen
from ports.errors import GatewayError
from ports.scheduling.meetings import MeetingRequest, Participant, RoomGone


class MemoryMeetings:
    """``bookings``: what ``missing`` looks at."""

    def __init__(
        self,
        stored: dict[BookingId, Meeting],
        bookings: dict[BookingId, Booking],
        clicks: dict[int, Click],
    ) -> None:
        self.stored, self.bookings, self.clicked = stored, bookings, clicks

    async def find(self, booking_id: BookingId) -> Meeting | None:
        return self.stored.get(booking_id)

    async def add(self, meeting: Meeting) -> bool:
        if meeting.booking_id in self.stored:
            return False
        self.stored[meeting.booking_id] = meeting
        return True

    async def save(self, meeting: Meeting) -> None:
        if self.stored[meeting.booking_id].version != meeting.version - 1:
            raise StaleWrite("the meeting has moved on")
        self.stored[meeting.booking_id] = meeting

    async def missing(self, window: TimeSlot, limit: int) -> Sequence[BookingId]:
        lessons = [
            booking
            for booking in self.bookings.values()
            if booking.status is BookingStatus.CONFIRMED
            and window.contains(booking.slot.start)
            and (booking.id not in self.stored or self.stored[booking.id].status is Status.PLANNED)
        ]
        return [booking.id for booking in sorted(lessons, key=lambda booking: booking.slot)][:limit]

    async def record_click(self, click: Click) -> None:
        self.clicked[len(self.clicked)] = click

    async def clicks(self, booking_id: BookingId) -> Sequence[Click]:
        return [click for click in self.clicked.values() if click.booking_id == booking_id]


class FakeMeetings:
    """``failing``: raised once for each entry."""

    def __init__(self, name: str = "jitsi", *, needs_host: bool = False) -> None:
        self.name, self.needs_host = name, needs_host
        self.rooms: dict[UUID, str] = {}
        self.created = 0
        self.cancelled: list[str] = []
        self.moved: list[TimeSlot] = []
        self.withdrawn: list[UUID] = []
        self.requests: list[MeetingRequest] = []
        self.failing: list[GatewayError] = []

    async def create(self, request: MeetingRequest) -> str:
        if self.failing:
            raise self.failing.pop(0)
        self.created += 1
        self.requests.append(request)
        return self.rooms.setdefault(request.lesson_id, f"room-{request.lesson_id.hex}-{request.lesson_id.hex}")

    async def join_url(
        self, room: str, participant: Participant, *, server: MeetingServer, opens_at: datetime, closes_at: datetime
    ) -> str:
        role = "lead" if participant.leads else "guest"
        return f"https://meet.example/{room}?as={participant.user_id.hex}&role={role}"

    async def move(self, room: str, slot: TimeSlot) -> None:
        if self.failing:
            raise self.failing.pop(0)
        if room not in self.rooms.values():
            raise RoomGone(self.name, "no such room")
        self.moved.append(slot)

    async def cancel(self, room: str) -> None:
        self.cancelled.append(room)

    async def withdraw(self, request: MeetingRequest) -> None:
        if self.failing:
            raise self.failing.pop(0)
        self.withdrawn.append(request.lesson_id)


class ReversingCipher:
    """Hides nothing from an attacker, and everything from a careless comparison."""

    def seal(self, text: str) -> bytes:
        return b"sealed:" + text[::-1].encode()

    def open(self, sealed: bytes) -> str:
        if not sealed.startswith(b"sealed:"):
            raise CannotOpen("not sealed here")
        return sealed.removeprefix(b"sealed:").decode()[::-1]

    def reseal(self, sealed: bytes) -> bytes:
        return self.seal(self.open(sealed))


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    return MemoryMeetings(shelf(part), shelf("bookings"), shelf("clicks"))
