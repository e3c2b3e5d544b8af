"""What all changes of a calendar have in common: lock, change, save, and say which lessons now stand outside it.

Lessons that are booked stay as they are, whatever their Qari changes; it is for him to reschedule or cancel them.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import msgspec

from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.scheduling.calendar import Calendar
from domain.scheduling.slots import within_hours
from domain.time import TimeSlot
from ports.clock import Clock
from ports.scheduling.queries import LessonAhead, QariDirectory
from ports.unit_of_work import NewUnit

LOOK_AHEAD: Final = timedelta(days=366)


class CalendarChanged(msgspec.Struct, frozen=True, kw_only=True):
    """``outside``: lessons that were booked before and no longer lie within the hours."""

    calendar: Calendar
    outside: tuple[LessonAhead, ...]


class ChangeCalendar:
    """Raises NotPermitted, NotFound for somebody without a Qari's profile, and what ``change`` raises."""

    def __init__(self, new_unit: NewUnit, clock: Clock, directory: QariDirectory) -> None:
        self._new_unit, self._clock, self._directory = new_unit, clock, directory

    async def __call__(self, actor: Actor, change: Callable[[Calendar], Calendar]) -> CalendarChanged:
        actor.require(Permission.SET_AVAILABILITY)
        async with self._new_unit() as unit:
            calendar = change(await unit.availability.lock(actor.user_id))
            await unit.availability.save(calendar)
            await unit.commit()
        now = self._clock.now()
        ahead = await self._directory.lessons(actor.user_id, TimeSlot(now, now + LOOK_AHEAD))
        return CalendarChanged(
            calendar=calendar, outside=tuple(lesson for lesson in ahead if not within_hours(calendar, lesson.slot))
        )
