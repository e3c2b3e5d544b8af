"""Who came to a class: what its provider says is kept once, and shown to staff beside our own door's word. (LIVE-09)"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import BookingId, UserId
from domain.scheduling.meeting import Sighting
from ports.academy import within
from ports.clock import Clock
from ports.identity.queries import PeopleQueries
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


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody came or went. ``user_id``: whom our own door let in. None: the provider told, and ``name`` is what
    somebody called himself there; who that is, nobody knows for certain.
    """

    at: datetime
    name: str
    came: bool
    user_id: UserId | None


class SeeAttendance:
    """In order of time, for staff. Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit, people: PeopleQueries) -> None:
        self._new_unit, self._people = new_unit, people

    async def __call__(self, actor: Actor, booking_id: BookingId) -> Sequence[Trace]:
        actor.require(Permission.SEE_BOOKINGS)
        async with self._new_unit() as unit:
            clicks = await unit.meetings.clicks(booking_id)
            sightings = await unit.meetings.sightings(booking_id)
        known = await self._people.by_ids(sorted({click.user_id for click in clicks})) if clicks else ()
        names = {person.user_id: person.name for person in known}
        traces = [
            Trace(at=click.at, name=names.get(click.user_id, ""), came=True, user_id=click.user_id) for click in clicks
        ]
        traces += [Trace(at=seen.at, name=seen.name, came=seen.came, user_id=None) for seen in sightings]
        return sorted(traces, key=lambda trace: trace.at)
