"""Live classes: what we keep about them, and what a provider does for us."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from domain.ids import AcademyId, BookingId, MeetingHostId, UserId
from domain.scheduling.meeting import Click, Meeting, Sighting, Stray
from domain.scheduling.meeting_server import MeetingServer, Service
from domain.time import TimeSlot
from ports.errors import GatewayRefused


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

    async def moved(self, window: TimeSlot, limit: int) -> Sequence[BookingId]:
        """Confirmed lessons that start in the window, whose meeting is ready for another time."""
        ...

    async def by_reference(self, provider: str, reference: str) -> tuple[AcademyId, BookingId] | None:
        """Whichever academy it belongs to."""
        ...

    async def choice(self, qari_id: UserId) -> Service | None:
        """Who holds this Qari's classes, where that differs from the rest of the school. (LIVE-01)"""
        ...

    async def choices(self) -> Mapping[UserId, Service]: ...

    async def choose(self, qari_id: UserId, service: Service | None) -> None: ...

    async def leave(self, stray: Stray) -> None:
        """Notes a room to take away."""
        ...

    async def strays(self, limit: int) -> Sequence[Stray]:
        """Oldest first."""
        ...

    async def settle(self, stray: Stray) -> None:
        """It is gone."""
        ...

    async def saw(self, sighting: Sighting) -> bool:
        """False when it was told before."""
        ...

    async def sightings(self, booking_id: BookingId) -> Sequence[Sighting]:
        """In order of time."""
        ...

    async def record_click(self, click: Click) -> None: ...

    async def clicks(self, booking_id: BookingId) -> Sequence[Click]:
        """In order of time."""
        ...


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a class at a provider whose users hold one class at a time. ``account``: our name for the configured
    account; ``address``: the user there, by id or e-mail.
    """

    id: MeetingHostId
    account: str
    address: str


class MeetingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``lesson_id`` names one meeting of people at one time, a booking as a rule: one room for each. ``title`` names
    nobody. ``host``: given where the provider ``needs_host``. ``again``: an earlier attempt may have left a room.
    """

    lesson_id: UUID
    slot: TimeSlot
    qari_id: UserId
    title: str
    host: Host | None = None
    again: bool = False


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """``leads``: may mute, remove and end. ``user_id`` reaches the provider only in a form of its own choosing."""

    user_id: UserId
    name: str
    leads: bool


class RoomGone(GatewayRefused):
    """The provider does not know the room (any more): it needs another one."""


class MeetingProvider(Protocol):
    """``room``: the handle that ``create`` answered, a secret; what it holds is the adapter's business.

    Every call raises GatewayUnavailable (NotSent where nothing can have come of it) and GatewayRefused.
    """

    @property
    def name(self) -> str:
        """One of ``domain.scheduling.meeting_server.Service``."""
        ...

    @property
    def needs_host(self) -> bool:
        """Whether each class occupies one of the school's hosts there. (LIVE-10)"""
        ...

    async def create(self, request: MeetingRequest) -> str:
        """The room's handle. Asking twice for one lesson gives the same room where the provider can tell; where it
        cannot, an attempt that says ``again`` looks for what the earlier one left. Refuses for good where this Qari or
        account cannot have a class at all: the next provider is asked then.
        """
        ...

    async def join_url(
        self, room: str, participant: Participant, *, server: MeetingServer, opens_at: datetime, closes_at: datetime
    ) -> str:
        """A personal address where there is one, good within that time where the provider can tell. Raises RoomGone."""
        ...

    def reference(self, room: str) -> str:
        """What the provider's own messages call the room, no secret; empty where it sends none. (LIVE-09)"""
        ...

    async def move(self, room: str, slot: TimeSlot) -> None:
        """The same room at another time. Raises RoomGone."""
        ...

    async def cancel(self, room: str) -> None:
        """Cancelling an unknown room is no error."""
        ...

    async def withdraw(self, request: MeetingRequest) -> None:
        """Takes away what a ``create`` left whose answer was never heard. That there is nothing is no error."""
        ...


class MeetingProviders(Protocol):
    """Those that are set up. (LIVE-01)"""

    def get(self, name: str) -> MeetingProvider | None: ...

    @property
    def names(self) -> Sequence[str]: ...


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """The provider asks whether we know the secret; both parts are the answer."""

    plain: str
    sealed: str


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody came or went. ``reference`` as ``MeetingProvider.reference`` has it, ``key`` the same for each copy."""

    reference: str
    key: str
    name: str
    came: bool
    at: datetime


class MeetingNotices(Protocol):
    """What one account of a provider tells by itself."""

    def read(self, raw: bytes, headers: Mapping[str, str], at: datetime) -> Challenge | Seen | None:
        """None for what is of no interest. Raises BadSignature."""
        ...
