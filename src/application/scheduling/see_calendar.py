"""A Qari looks at his own hours, exceptions, limits, prices, and the lessons that lie ahead."""

from datetime import timedelta
from typing import Final

import msgspec

from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.scheduling.calendar import Calendar
from domain.scheduling.qari import QariProfile
from domain.time import TimeSlot
from ports.clock import Clock
from ports.scheduling.queries import LessonAhead, QariDirectory
from ports.unit_of_work import NewUnit

AHEAD: Final = timedelta(days=28)


class OwnCalendar(msgspec.Struct, frozen=True, kw_only=True):
    profile: QariProfile
    calendar: Calendar
    lessons: tuple[LessonAhead, ...]


class SeeCalendar:
    """Raises NotFound for somebody without a Qari's profile."""

    def __init__(self, new_unit: NewUnit, clock: Clock, directory: QariDirectory) -> None:
        self._new_unit, self._clock, self._directory = new_unit, clock, directory

    async def __call__(self, actor: Actor) -> OwnCalendar:
        actor.require(Permission.SET_AVAILABILITY)
        async with self._new_unit() as unit:
            profile = await unit.qaris.get(actor.user_id)
            calendar = await unit.availability.get(actor.user_id)
        now = self._clock.now()
        lessons = await self._directory.lessons(actor.user_id, TimeSlot(now, now + AHEAD))
        return OwnCalendar(profile=profile, calendar=calendar, lessons=tuple(lessons))
