"""Live classes without a provider."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.booking.booking import Booking
from domain.booking.booking import Status as BookingStatus
from domain.errors import NotFound, StaleWrite
from domain.ids import AcademyId, BookingId, MeetingHostId, UserId
from domain.scheduling.group_class import Occurrence
from domain.scheduling.meeting import Click, Meeting, Sighting, Status, Stray
from domain.scheduling.meeting_host import MeetingHost
from domain.scheduling.meeting_server import MeetingServer, Service
from domain.time import TimeSlot
from ports.academy import current_academy
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
        shelf: Callable[[str], dict[Any, Any]],
    ) -> None:
        self.stored, self.bookings, self.clicked = stored, bookings, clicks
        self.chosen, self.left, self.seen = shelf("meeting_choices"), shelf("meeting_strays"), shelf("sightings")
        self.occurrences: dict[Any, Occurrence] = shelf("class_occurrences")

    def _held(self) -> list[Booking | Occurrence]:
        lessons = [booking for booking in self.bookings.values() if booking.status is BookingStatus.CONFIRMED]
        return [*lessons, *(occurrence for occurrence in self.occurrences.values() if occurrence.stands)]

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
            for booking in self._held()
            if window.contains(booking.slot.start)
            and (booking.id not in self.stored or self.stored[BookingId(booking.id)].status is Status.PLANNED)
        ]
        return [BookingId(booking.id) for booking in sorted(lessons, key=lambda booking: booking.slot)][:limit]

    async def moved(self, window: TimeSlot, limit: int) -> Sequence[BookingId]:
        found = [
            booking
            for booking in self._held()
            if window.contains(booking.slot.start)
            and (meeting := self.stored.get(BookingId(booking.id))) is not None
            and meeting.status is Status.READY
            and meeting.slot not in (None, booking.slot)
        ]
        return [BookingId(booking.id) for booking in sorted(found, key=lambda booking: booking.slot)][:limit]

    async def by_reference(self, provider: str, reference: str) -> tuple[AcademyId, BookingId] | None:
        for meeting in self.stored.values():
            if reference and (meeting.provider, meeting.reference) == (provider, reference):
                return current_academy(), meeting.booking_id
        return None

    async def choice(self, qari_id: UserId) -> Service | None:
        return self.chosen.get(qari_id)

    async def choices(self) -> Mapping[UserId, Service]:
        return dict(self.chosen)

    async def choose(self, qari_id: UserId, service: Service | None) -> None:
        self.chosen.pop(qari_id, None)
        if service is not None:
            self.chosen[qari_id] = service

    async def leave(self, stray: Stray) -> None:
        self.left[stray.id] = stray

    async def strays(self, limit: int) -> Sequence[Stray]:
        return sorted(self.left.values(), key=lambda stray: stray.noted_at)[:limit]

    async def settle(self, stray: Stray) -> None:
        self.left.pop(stray.id, None)

    async def saw(self, sighting: Sighting) -> bool:
        new = (sighting.booking_id, sighting.key) not in self.seen
        self.seen.setdefault((sighting.booking_id, sighting.key), sighting)
        return new

    async def sightings(self, booking_id: BookingId) -> Sequence[Sighting]:
        seen = [sighting for sighting in self.seen.values() if sighting.booking_id == booking_id]
        return sorted(seen, key=lambda sighting: sighting.at)

    async def record_click(self, click: Click) -> None:
        self.clicked[len(self.clicked)] = click

    async def clicks(self, booking_id: BookingId) -> Sequence[Click]:
        return [click for click in self.clicked.values() if click.booking_id == booking_id]


class MemoryMeetingHosts:
    def __init__(self, hosts: dict[Any, MeetingHost], times: dict[Any, tuple[MeetingHost, TimeSlot]]) -> None:
        self.hosts, self.times = hosts, times

    async def get(self, host_id: MeetingHostId) -> MeetingHost:
        if host_id not in self.hosts:
            raise NotFound("there is no such host")
        return self.hosts[host_id]

    async def all(self) -> Sequence[MeetingHost]:
        return sorted(self.hosts.values(), key=lambda host: (host.provider, host.account, host.address))

    async def add(self, host: MeetingHost) -> bool:
        if any((one.seat, one.address) == (host.seat, host.address) for one in self.hosts.values()):
            return False
        self.hosts[host.id] = host
        return True

    async def save(self, host: MeetingHost) -> None:
        await self.get(host.id)
        self.hosts[host.id] = host

    async def occupy(self, provider: Service, booking_id: BookingId, span: TimeSlot) -> MeetingHost | None:
        held = self.times.pop(booking_id, None)
        taken = {host.seat for host, time in self.times.values() if time.start < span.end and span.start < time.end}
        free = [
            host for host in self.hosts.values() if host.active and host.provider is provider and host.seat not in taken
        ]
        for host in sorted(free, key=lambda host: (held is None or held[0].id != host.id, self._near(host, span))):
            self.times[booking_id] = (host, span)
            return host
        return None

    def _near(self, host: MeetingHost, span: TimeSlot) -> int:
        half = timedelta(hours=12)
        return sum(
            one.id == host.id and span.start - half <= time.start < span.start + half
            for one, time in self.times.values()
        )

    async def free(self, booking_id: BookingId) -> None:
        self.times.pop(booking_id, None)

    async def load(self, span: TimeSlot) -> dict[MeetingHostId, int]:
        busy = [host.id for host, time in self.times.values() if span.contains(time.start)]
        return {host_id: busy.count(host_id) for host_id in busy}


class FakeMeetings:
    """``failing``, at the door ``closed``: raised once for each entry. ``killed``: the worker dies while it asks."""

    def __init__(self, name: str = "jitsi", *, needs_host: bool = False) -> None:
        self.name, self.needs_host = name, needs_host
        self.rooms: dict[UUID, str] = {}
        self.created = 0
        self.cancelled: list[str] = []
        self.moved: list[TimeSlot] = []
        self.withdrawn: list[UUID] = []
        self.requests: list[MeetingRequest] = []
        self.failing: list[GatewayError] = []
        self.closed: list[GatewayError] = []
        self.killed = False

    async def create(self, request: MeetingRequest) -> str:
        if self.failing:
            raise self.failing.pop(0)
        if self.killed:
            raise asyncio.CancelledError
        self.created += 1
        self.requests.append(request)
        return self.rooms.setdefault(request.lesson_id, f"room-{request.lesson_id.hex}-{request.lesson_id.hex}")

    async def join_url(
        self, room: str, participant: Participant, *, server: MeetingServer, opens_at: datetime, closes_at: datetime
    ) -> str:
        if self.closed:
            raise self.closed.pop(0)
        role = "lead" if participant.leads else "guest"
        return f"https://meet.example/{room}?as={participant.user_id.hex}&role={role}"

    def reference(self, room: str) -> str:
        return ""

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
    if part == "meeting_hosts":
        return MemoryMeetingHosts(shelf(part), shelf("meeting_host_times"))
    return MemoryMeetings(shelf(part), shelf("bookings"), shelf("clicks"), shelf)
