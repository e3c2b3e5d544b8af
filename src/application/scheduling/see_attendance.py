"""What a provider says of who came and went is kept with the lesson, once. (LIVE-09)"""

from collections.abc import Mapping

from domain.errors import NotFound
from domain.scheduling.meeting import Sighting
from ports.academy import within
from ports.clock import Clock
from ports.scheduling.meetings import Challenge, MeetingNotices, Seen
from ports.unit_of_work import NewUnit


class ReceiveMeetingNotice:
    """The answer to a challenge; None for everything else, also for rooms that are none of ours (any more).

    Raises NotFound for an account that tells nothing, BadSignature.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, meeting_notices: Mapping[str, MeetingNotices]) -> None:
        self._new_unit, self._clock, self._notices = new_unit, clock, meeting_notices

    async def __call__(self, provider: str, account: str, raw: bytes, headers: Mapping[str, str]) -> Challenge | None:
        notices = self._notices.get(f"{provider}/{account}")
        if notices is None:
            raise NotFound("there is nothing at this address")
        told = notices.read(raw, headers, self._clock.now())
        if isinstance(told, Seen):
            await self._keep(provider, told)
        return told if isinstance(told, Challenge) else None

    async def _keep(self, provider: str, told: Seen) -> None:
        async with self._new_unit() as unit:
            found = await unit.meetings.by_reference(provider, told.reference)
        if found is None:
            return
        academy_id, booking_id = found
        with within(academy_id):
            async with self._new_unit() as unit:
                await unit.meetings.saw(
                    Sighting(booking_id=booking_id, key=told.key, name=told.name, came=told.came, at=told.at)
                )
                await unit.commit()
