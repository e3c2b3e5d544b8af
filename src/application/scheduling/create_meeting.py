"""One live class for each lesson, made once however many workers try. (LIVE-03, BOOK-05)"""

from typing import Final

from domain.booking.booking import Status as BookingStatus
from domain.booking.events import BookingCancelled, BookingConfirmed
from domain.errors import StaleWrite
from domain.events import Event
from domain.ids import BookingId, EventId, MeetingId, UserId
from domain.scheduling.meeting import Meeting, Status
from domain.time import TimeSlot
from ports.cipher import Cipher
from ports.clock import Clock, NewId
from ports.scheduling.meetings import MeetingProvider, MeetingRequest
from ports.unit_of_work import NewUnit

CREATE_MEETING: Final = "scheduling.create_meeting"


class CreateMeeting:
    """Three steps that may be repeated: say that there will be one, ask the provider, keep what he answers. The
    provider gives one room for one lesson, and the first answer that is kept stays.

    Raises GatewayUnavailable, GatewayRefused.
    """

    def __init__(
        self, new_unit: NewUnit, clock: Clock, new_id: NewId, meeting_provider: MeetingProvider, cipher: Cipher
    ) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id
        self._provider, self._cipher = meeting_provider, cipher

    async def __call__(self, booking_id: BookingId) -> Meeting | None:
        """None for a lesson that does not stand (any more)."""
        planned = await self._plan(booking_id)
        if planned is None:
            return None
        meeting, slot, qari_id = planned
        if meeting.status is not Status.PLANNED:
            return meeting
        room = await self._provider.create(
            MeetingRequest(lesson_id=booking_id, slot=slot, qari_id=qari_id, title="Lesson")
        )
        return await self._keep(meeting, room)

    async def _plan(self, booking_id: BookingId) -> tuple[Meeting, TimeSlot, UserId] | None:
        async with self._new_unit() as unit:
            booking = await unit.bookings.get(booking_id)
            if booking.status is not BookingStatus.CONFIRMED:
                return None
            meeting = await unit.meetings.find(booking_id)
            if meeting is None:
                meeting = Meeting(
                    id=MeetingId(self._new_id()),
                    booking_id=booking_id,
                    provider=self._provider.name,
                    created_at=self._clock.now(),
                )
                if not await unit.meetings.add(meeting):
                    meeting = await unit.meetings.find(booking_id) or meeting
            await unit.commit()
        return meeting, booking.slot, booking.qari_id

    async def _keep(self, meeting: Meeting, room: str) -> Meeting | None:
        async with self._new_unit() as unit:
            current = await unit.meetings.find(meeting.booking_id)
            if current is None or current.status is not Status.PLANNED:
                return current
            ready = current.ready(self._cipher.seal(room), at=self._clock.now())
            try:
                await unit.meetings.save(ready)
            except StaleWrite:
                return meeting  # another worker kept the same room a moment ago
            await unit.commit()
        return ready


class MeetingOnConfirmation:
    """Subscriber: a confirmed lesson gets its class, a cancelled one loses it."""

    def __init__(self, create_meeting: CreateMeeting, cancel_meeting: "CancelMeeting") -> None:
        self._create_meeting, self._cancel_meeting = create_meeting, cancel_meeting

    async def __call__(self, event_id: EventId, event: Event) -> None:
        if isinstance(event, BookingConfirmed):
            await self._create_meeting(event.booking_id)
        elif isinstance(event, BookingCancelled):
            await self._cancel_meeting(event.booking_id)


class CancelMeeting:
    """Takes the room from the provider, then forgets it. A cancelled lesson's door is shut anyway."""

    def __init__(self, new_unit: NewUnit, meeting_provider: MeetingProvider, cipher: Cipher) -> None:
        self._new_unit, self._provider, self._cipher = new_unit, meeting_provider, cipher

    async def __call__(self, booking_id: BookingId) -> None:
        async with self._new_unit() as unit:
            booking, meeting = await unit.bookings.get(booking_id), await unit.meetings.find(booking_id)
        stands = booking.status is BookingStatus.CONFIRMED
        if stands or meeting is None or meeting.status is Status.CANCELLED:
            return
        if meeting.sealed_room is not None:
            await self._provider.cancel(self._cipher.open(meeting.sealed_room))
        async with self._new_unit() as unit:
            current = await unit.meetings.find(booking_id)
            if current is not None and current.status is not Status.CANCELLED:
                await unit.meetings.save(current.cancel())
                await unit.commit()
