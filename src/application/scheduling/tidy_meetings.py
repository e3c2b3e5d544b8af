"""Rooms that no lesson uses are taken away: those made twice, and those whose making was never answered."""

import structlog

from application.scheduling.held_lessons import held_lesson
from domain.errors import NotFound
from domain.scheduling.meeting import Meeting, Stray
from ports.cipher import Cipher
from ports.errors import GatewayError
from ports.scheduling.meetings import Host, MeetingProviders, MeetingRequest
from ports.unit_of_work import NewUnit

MOST = 50
log = structlog.get_logger(__name__)


class TidyMeetings:
    """Answers how many are gone. One that cannot be reached stays for the next run."""

    def __init__(self, new_unit: NewUnit, meeting_providers: MeetingProviders, cipher: Cipher) -> None:
        self._new_unit, self._providers, self._cipher = new_unit, meeting_providers, cipher

    async def __call__(self) -> int:
        async with self._new_unit() as unit:
            strays = await unit.meetings.strays(MOST)
        gone = 0
        for stray in strays:
            try:
                await self._take_away(stray)
            except GatewayError as error:
                log.warning("meeting_stray", provider=stray.provider, error=type(error).__name__)
                continue
            async with self._new_unit() as unit:
                await unit.meetings.settle(stray)
                await unit.commit()
            gone += 1
        return gone

    async def _take_away(self, stray: Stray) -> None:
        provider = self._providers.get(stray.provider)
        async with self._new_unit() as unit:
            meeting = await unit.meetings.find(stray.booking_id)
            booking = await held_lesson(unit, stray.booking_id)
            host = None
            if stray.host_id is not None:
                try:
                    found = await unit.meeting_hosts.get(stray.host_id)
                    host = Host(id=found.id, account=found.account, address=found.address)
                except NotFound:
                    pass
        if provider is None or self._in_use(stray, meeting):
            return
        if stray.sealed_room is not None:
            await provider.cancel(self._cipher.open(stray.sealed_room))
            return
        await provider.withdraw(
            MeetingRequest(
                lesson_id=stray.booking_id, slot=stray.slot, qari_id=booking.qari_id, title="", host=host, again=True
            )
        )

    def _in_use(self, stray: Stray, meeting: Meeting | None) -> bool:
        """Found again by a later attempt, which kept it."""
        if meeting is None or meeting.provider != stray.provider or meeting.host_id != stray.host_id:
            return False
        if stray.sealed_room is None or meeting.sealed_room is None:
            return True
        return self._cipher.open(stray.sealed_room) == self._cipher.open(meeting.sealed_room)
