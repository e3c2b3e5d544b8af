"""The door of the live class: for its participants, from shortly before until shortly after. (LIVE-08, LIVE-11)"""

import asyncio
from typing import Final

import msgspec

from application.booking.presence import require_guardian_first
from application.booking.rules import is_guardian, require_consents
from application.scheduling.create_meeting import CreateMeeting
from domain.booking.policy import BOOKING_POLICY, join_window, may_join, read_policy
from domain.errors import Conflict, NotPermitted
from domain.identity.actor import Actor, Party
from domain.identity.guardianship import Right
from domain.identity.permission import Permission
from domain.ids import BookingId
from domain.scheduling.meeting import Click, Meeting, Status
from domain.scheduling.meeting_server import MEETINGS, MeetingServer, read_meeting_server
from domain.time import TimeSlot
from ports.cipher import Cipher
from ports.clock import Clock
from ports.errors import GatewayUnavailable
from ports.scheduling.meetings import MeetingProviders, Participant, RoomGone
from ports.unit_of_work import NewUnit

LOOKS: Final = 8
LOOK_EVERY_S: Final = 0.2


class ClassNotReady(Conflict):
    """There is no class yet. ``retry_after_s`` in details says when to look again."""

    code = "class_not_ready"


class JoinLessonCommand(msgspec.Struct, frozen=True, kw_only=True):
    booking_id: BookingId


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """``url`` is personal and secret: answer with a redirect or show it once, never keep or log it."""

    url: str
    leads: bool


class Door(msgspec.Struct, frozen=True, kw_only=True):
    who: Participant
    server: MeetingServer
    window: TimeSlot


class JoinLesson:
    """Raises NotFound, NotPermitted, OutsideJoinWindow, IllegalTransition, GuardianAbsent, ClassNotReady, GatewayError;
    ConsentNeeded for a Qari who has not accepted the code of conduct in force, or another text. (ONB-09)

    A guardian within his rights enters beside the child; that he came is his presence. (SAFE-03)
    """

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        create_meeting: CreateMeeting,
        meeting_providers: MeetingProviders,
        cipher: Cipher,
    ) -> None:
        self._new_unit, self._clock, self._create_meeting = new_unit, clock, create_meeting
        self._providers, self._cipher = meeting_providers, cipher

    async def __call__(self, actor: Actor, command: JoinLessonCommand) -> Entry:
        actor.require(Permission.JOIN_LESSON)
        now = self._clock.now()
        async with self._new_unit() as unit:
            booking = await unit.bookings.get(command.booking_id)
            row = await unit.policies.version(BOOKING_POLICY, booking.policy_version)
            policy = read_policy(row).policy
            guardian = await is_guardian(unit, booking, actor, Right.JOIN, now)
            party = may_join(booking, actor, now, policy, guardian=guardian)
            await require_guardian_first(unit, booking, actor.user_id, now)
            if party is Party.STAFF:
                raise NotPermitted("a class is for its learner and its Qari")
            if party is Party.QARI:
                await require_consents(unit, actor.user_id, (), now)
            person = await unit.users.get(actor.user_id)
            meeting = await unit.meetings.find(booking.id)
            window = join_window(booking, policy)
            # As it was when the door opened: a change of the settings never parts the two sides of a lesson.
            server = read_meeting_server(await unit.policies.current(MEETINGS, window.start))
        if meeting is None or meeting.status is not Status.READY:
            meeting = await self._create_meeting(booking.id)
        leads = party is Party.QARI
        door = Door(who=Participant(user_id=actor.user_id, name=person.name, leads=leads), server=server, window=window)
        url = await self.opened(meeting, door)
        async with self._new_unit() as unit:
            await unit.meetings.record_click(Click(booking_id=booking.id, user_id=actor.user_id, at=now))
            await unit.commit()
        return Entry(url=url, leads=leads)

    async def opened(self, meeting: Meeting | None, door: Door) -> str:
        """A room that is gone is made again. Where the provider does not let the Qari in, another one holds the class:
        whoever waits in the old room is told so. (LIVE-12)
        """
        meeting = await self._made(meeting)
        for remedy in (True, True, False):
            provider = self._providers.get(meeting.provider) if meeting is not None else None
            if meeting is None or meeting.sealed_room is None or provider is None:
                break
            room = self._cipher.open(meeting.sealed_room)
            try:
                return await provider.join_url(
                    room, door.who, server=door.server, opens_at=door.window.start, closes_at=door.window.end
                )
            except RoomGone:
                if not remedy:
                    raise
                meeting = await self._create_meeting.renew(meeting.booking_id)
            except GatewayUnavailable:
                if not remedy or not door.who.leads:
                    raise
                meeting = await self._create_meeting.stand_in(meeting.booking_id)
        raise ClassNotReady("the class is being prepared; try again in a moment", retry_after_s=10)

    async def _made(self, meeting: Meeting | None) -> Meeting | None:
        """Whoever comes while the first of his class has the room made waits a moment for it."""
        for _ in range(LOOKS):
            if meeting is None or not (meeting.status is Status.PLANNED and meeting.is_claimed(self._clock.now())):
                break
            await asyncio.sleep(LOOK_EVERY_S)
            meeting = await self._create_meeting(meeting.booking_id)
        return meeting
