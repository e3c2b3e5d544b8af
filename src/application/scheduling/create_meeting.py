"""One live class for each lesson, made once however many workers try. (LIVE-03, LIVE-12, BOOK-05)"""

from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from application.scheduling.held_lessons import HeldLesson, held_lesson
from domain.errors import StaleWrite
from domain.ids import BookingId, MeetingId, StrayId
from domain.scheduling.meeting import Meeting, Status, Stray
from domain.scheduling.meeting_host import MeetingHost, occupied
from domain.scheduling.meeting_server import MEETINGS, Service, read_meeting_server
from ports.cipher import Cipher
from ports.clock import Clock, NewId
from ports.errors import GatewayError, GatewayRefused, GatewayUnavailable, NotSent
from ports.scheduling.meetings import Host, MeetingProvider, MeetingProviders, MeetingRequest
from ports.unit_of_work import NewUnit, UnitOfWork

CREATE_MEETING: Final = "scheduling.create_meeting"
CLAIM: Final = timedelta(minutes=3)
"""Longer than one provider may take, with all its retries."""
NEAR: Final = timedelta(minutes=75)
"""From here on nobody waits for a provider that does not answer: an hour, and as much as two runs of the sweep need."""
PATIENT: Final = 4
"""So often the event is tried again; after that the sweep waits for the lesson to come near."""
LAST: Final = Service.JITSI
TITLE: Final = "Quran lesson"
"""Tells a provider nothing about anybody."""
log = structlog.get_logger(__name__)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one worker has set out to do, and nobody else does meanwhile."""

    meeting: Meeting
    booking: HeldLesson
    provider: MeetingProvider
    request: MeetingRequest


class CreateMeeting:
    """Three steps that may be repeated: say who asks whom, ask the provider, keep what he answers.

    The chain is the Qari's own provider or the school's, then Jitsi, which needs no answer from anybody. A provider
    that refuses is passed over at once, one that does not answer when the lesson comes near; both sides are told once,
    and the lesson stays with what it got.

    Raises GatewayUnavailable, GatewayRefused.
    """

    def __init__(
        self, new_unit: NewUnit, clock: Clock, new_id: NewId, meeting_providers: MeetingProviders, cipher: Cipher
    ) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id
        self._providers, self._cipher = meeting_providers, cipher

    async def __call__(self, booking_id: BookingId) -> Meeting | None:
        """None for a lesson that does not stand (any more). One that is still planned is being made by somebody else,
        or has to wait for its provider.
        """
        while True:
            plan = await self._plan(booking_id)
            if not isinstance(plan, Plan):
                return plan
            try:
                room = await plan.provider.create(plan.request)
            except GatewayError as error:
                waiting = await self._missed(plan, error)
                if waiting is None:
                    continue
                if isinstance(error, GatewayRefused) or waiting.attempts < PATIENT:
                    raise
                return waiting
            return await self._keep(plan, room)

    async def stand_in(self, booking_id: BookingId) -> Meeting | None:
        """The one who holds the class does not let its Qari in: somebody else holds it. Raises as above."""
        async with self._new_unit() as unit:
            booking, meeting = await held_lesson(unit, booking_id), await unit.meetings.find(booking_id)
            if meeting is not None and meeting.status is Status.READY and meeting.provider != LAST:
                await self._stand_in(unit, booking, meeting, unheard=True)
                await unit.commit()
        return await self(booking_id)

    async def renew(self, booking_id: BookingId) -> Meeting | None:
        """The room is gone: another one, at the same provider. Raises as above."""
        async with self._new_unit() as unit:
            meeting = await unit.meetings.find(booking_id)
            if meeting is not None and meeting.status is Status.READY:
                await unit.meetings.save(meeting.lost())
                await unit.commit()
        return await self(booking_id)

    async def _plan(self, booking_id: BookingId) -> "Plan | Meeting | None":
        now = self._clock.now()
        async with self._new_unit() as unit:
            await unit.foresee_meeting(booking_id, now=now)
            booking = await held_lesson(unit, booking_id)
            if not booking.stands:
                return None
            known = await unit.meetings.find(booking_id)
            meeting = known or await self._begin(unit, booking, now)
            if meeting.status is not Status.PLANNED or meeting.is_claimed(now):
                return meeting
            provider, host = await self._hosted(unit, meeting, booking)
            claimed = meeting.claim(
                provider=provider.name,
                host_id=host.id if host is not None else None,
                slot=booking.slot,
                until=now + CLAIM,
            )
            if known is None and not await unit.meetings.add(claimed):
                return await unit.meetings.find(booking_id)  # claimed by somebody else, a moment ago
            try:
                if known is not None:
                    await unit.meetings.save(claimed)
            except StaleWrite:
                return claimed  # as above
            await unit.commit()
        return Plan(meeting=claimed, booking=booking, provider=provider, request=request_for(booking, claimed, host))

    async def _begin(self, unit: UnitOfWork, booking: HeldLesson, now: datetime) -> Meeting:
        row = await unit.policies.current(MEETINGS, now)
        wanted = await unit.meetings.choice(booking.qari_id) or read_meeting_server(row).provider
        return Meeting(id=MeetingId(self._new_id()), booking_id=booking.id, provider=wanted.value, created_at=now)

    async def _hosted(
        self, unit: UnitOfWork, meeting: Meeting, booking: HeldLesson
    ) -> tuple[MeetingProvider, MeetingHost | None]:
        """Where no host is free, the next provider has room. (LIVE-10)"""
        provider = self._providers.get(meeting.provider)
        if provider is not None and provider.needs_host:
            host = await unit.meeting_hosts.occupy(Service(provider.name), booking.id, occupied(booking.slot))
            if host is not None:
                return provider, host
            log.warning("no_meeting_host", provider=provider.name, booking_id=str(booking.id))
            provider = None
        if provider is None:
            provider = self._providers.get(LAST)
        if provider is None:
            raise GatewayRefused(meeting.provider, "is not set up, and nobody stands in for it")
        return provider, None

    async def _missed(self, plan: Plan, error: GatewayError) -> Meeting | None:
        """The meeting that waits; None when there is somebody else to ask, or somebody else has asked."""
        unheard = isinstance(error, GatewayUnavailable) and not isinstance(error, NotSent)
        async with self._new_unit() as unit:
            current = await unit.meetings.find(plan.booking.id)
            if current is None or current.version != plan.meeting.version:
                return None
            near = plan.booking.slot.start - self._clock.now() <= NEAR
            if plan.provider.name != LAST and (near or isinstance(error, GatewayRefused)):
                log.warning("meeting_stand_in", provider=plan.provider.name, error=str(error))
                await self._stand_in(unit, plan.booking, current, unheard=unheard)
                await unit.commit()
                return None
            waiting = current.released()
            await unit.meetings.save(waiting)
            await unit.commit()
        return waiting

    async def _stand_in(self, unit: UnitOfWork, booking: HeldLesson, meeting: Meeting, *, unheard: bool) -> None:
        if unheard or meeting.attempts > 1:
            await unit.meetings.leave(stray_of(meeting, booking, self._new_id, self._clock.now()))
        await unit.meeting_hosts.free(booking.id)
        await unit.meetings.save(meeting.stand_in(LAST))
        unit.record(booking.held_elsewhere(failed=meeting.provider, provider=LAST.value, at=self._clock.now()))

    async def _keep(self, plan: Plan, room: str) -> Meeting | None:
        """A room that comes too late, for a lesson that has another one or none, is taken away later."""
        now, reference = self._clock.now(), plan.provider.reference(room)
        async with self._new_unit() as unit:
            current = await unit.meetings.find(plan.booking.id)
            if current is not None and current.version == plan.meeting.version:
                current = current.ready(self._cipher.seal(room), at=now, reference=reference)
                await unit.meetings.save(current)
            else:
                log.warning("meeting_too_late", provider=plan.provider.name, booking_id=str(plan.booking.id))
                late = stray_of(plan.meeting, plan.booking, self._new_id, now)
                await unit.meetings.leave(msgspec.structs.replace(late, sealed_room=self._cipher.seal(room)))
            await unit.commit()
        return current


def request_for(booking: HeldLesson, meeting: Meeting, host: MeetingHost | None) -> MeetingRequest:
    return MeetingRequest(
        lesson_id=booking.id,
        slot=booking.slot,
        qari_id=booking.qari_id,
        title=TITLE,
        host=Host(id=host.id, account=host.account, address=host.address) if host is not None else None,
        again=meeting.attempts > 1,
    )


def stray_of(meeting: Meeting, booking: HeldLesson, new_id: NewId, now: datetime) -> Stray:
    return Stray(
        id=StrayId(new_id()),
        booking_id=booking.id,
        provider=meeting.provider,
        host_id=meeting.host_id,
        slot=meeting.slot or booking.slot,
        noted_at=now,
        sealed_room=meeting.sealed_room,
    )
