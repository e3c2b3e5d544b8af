"""A live class follows its lesson: made when it is confirmed, moved with it, given up with it."""

from application.scheduling.create_meeting import CreateMeeting, stray_of
from application.scheduling.held_lessons import HeldLesson, held_lesson
from domain.booking.events import BookingCancelled, BookingConfirmed, BookingRescheduled
from domain.events import Event
from domain.ids import BookingId, EventId
from domain.scheduling.class_events import OccurrenceCancelled, OccurrenceMoved
from domain.scheduling.meeting import Meeting, Status
from domain.scheduling.meeting_host import occupied
from domain.scheduling.meeting_server import Service
from ports.cipher import Cipher
from ports.clock import Clock, NewId
from ports.scheduling.meetings import MeetingProviders, RoomGone
from ports.unit_of_work import NewUnit


class MeetingOnConfirmation:
    """Subscriber."""

    def __init__(
        self, create_meeting: CreateMeeting, cancel_meeting: "CancelMeeting", move_meeting: "MoveMeeting"
    ) -> None:
        self._create_meeting, self._cancel_meeting, self._move_meeting = create_meeting, cancel_meeting, move_meeting

    async def __call__(self, event_id: EventId, event: Event) -> None:
        if isinstance(event, BookingConfirmed):
            await self._create_meeting(event.booking_id)
        elif isinstance(event, BookingCancelled):
            await self._cancel_meeting(event.booking_id)
        elif isinstance(event, BookingRescheduled):
            await self._move_meeting(event.booking_id)
        elif isinstance(event, OccurrenceCancelled):
            await self._cancel_meeting(event.lesson_id)
        elif isinstance(event, OccurrenceMoved):
            await self._move_meeting(event.lesson_id)


class MoveMeeting:
    """The provider is told of the new time. Where the host is taken then, another one holds the class, or the next
    provider does. Raises GatewayUnavailable, GatewayRefused: the room that there is goes on being good.
    """

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        new_id: NewId,
        meeting_providers: MeetingProviders,
        cipher: Cipher,
        create_meeting: CreateMeeting,
    ) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id
        self._providers, self._cipher, self._create_meeting = meeting_providers, cipher, create_meeting

    async def __call__(self, booking_id: BookingId) -> Meeting | None:
        """None where there was nothing to move."""
        found = await self._reserve(booking_id)
        if found is None:
            return None
        meeting, booking = found
        provider = self._providers.get(meeting.provider)
        if meeting.status is Status.PLANNED or provider is None or meeting.sealed_room is None:
            return await self._create_meeting(booking_id)
        try:
            await provider.move(self._cipher.open(meeting.sealed_room), booking.slot)
        except RoomGone:
            return await self._create_meeting.renew(booking_id)
        async with self._new_unit() as unit:
            current = await unit.meetings.find(booking_id)
            if current is None or current.version != meeting.version:
                return current
            moved = current.moved(booking.slot)
            await unit.meetings.save(moved)
            await unit.commit()
        return moved

    async def _reserve(self, booking_id: BookingId) -> tuple[Meeting, HeldLesson] | None:
        """The host for the new time. A room of one who is taken then is left for the sweep to take away."""
        async with self._new_unit() as unit:
            booking, meeting = await held_lesson(unit, booking_id), await unit.meetings.find(booking_id)
            if (
                not booking.stands
                or meeting is None
                or meeting.status is not Status.READY
                or meeting.slot in (None, booking.slot)
            ):
                return None
            provider = self._providers.get(meeting.provider)
            if provider is not None and provider.needs_host:
                host = await unit.meeting_hosts.occupy(Service(provider.name), booking_id, occupied(booking.slot))
                if host is None or host.id != meeting.host_id:
                    await unit.meetings.leave(stray_of(meeting, booking, self._new_id, self._clock.now()))
                    meeting = meeting.lost()
                    await unit.meetings.save(meeting)
                await unit.commit()
        return meeting, booking


class CancelMeeting:
    """Takes the room from the provider, then forgets it. A cancelled lesson's door is shut anyway."""

    def __init__(
        self, new_unit: NewUnit, clock: Clock, new_id: NewId, meeting_providers: MeetingProviders, cipher: Cipher
    ) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id
        self._providers, self._cipher = meeting_providers, cipher

    async def __call__(self, booking_id: BookingId) -> None:
        async with self._new_unit() as unit:
            booking, meeting = await held_lesson(unit, booking_id), await unit.meetings.find(booking_id)
        if booking.stands or meeting is None or meeting.status is Status.CANCELLED:
            return
        provider = self._providers.get(meeting.provider)
        if meeting.sealed_room is not None and provider is not None:
            await provider.cancel(self._cipher.open(meeting.sealed_room))
        async with self._new_unit() as unit:
            current = await unit.meetings.find(booking_id)
            if current is not None and current.status is not Status.CANCELLED:
                if current.status is Status.PLANNED and current.attempts:
                    await unit.meetings.leave(stray_of(current, booking, self._new_id, self._clock.now()))
                await unit.meeting_hosts.free(booking_id)
                await unit.meetings.save(current.cancel())
                await unit.commit()
