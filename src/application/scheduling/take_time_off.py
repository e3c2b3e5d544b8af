"""A Qari is away for a while: no new lessons then, at once. (DISC-02)"""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from application.scheduling.change_calendar import CalendarChanged, ChangeCalendar
from domain.errors import Invalid
from domain.identity.actor import Actor
from domain.scheduling.calendar import Calendar, TimeOff
from domain.time import TimeSlot
from ports.clock import Clock, NewId

LONGEST: Final = timedelta(days=366)
LATEST: Final = 2 * LONGEST
NOTE: Final = 200
KEPT: Final = timedelta(days=30)
MOST: Final = 100


class AddTimeOffCommand(msgspec.Struct, frozen=True, kw_only=True):
    slot: TimeSlot
    note: str = ""


class AddTimeOff:
    """Raises Invalid for a time that is over, far off or longer than a year, and for a long note.
    What is long over leaves the calendar.
    """

    def __init__(self, change_calendar: ChangeCalendar, clock: Clock, new_id: NewId) -> None:
        self._change, self._clock, self._new_id = change_calendar, clock, new_id

    async def __call__(self, actor: Actor, command: AddTimeOffCommand) -> CalendarChanged:
        now, slot = self._clock.now(), command.slot
        if slot.end <= now:
            raise Invalid("this time is over", field="end")
        if slot.end - slot.start > LONGEST:
            raise Invalid("time off lasts a year at most", field="end")
        if slot.end > now + LATEST:
            raise Invalid("time off lies within the next two years", field="start")
        if len(command.note) > NOTE or not command.note.isprintable():
            raise Invalid("a note is one line of {most} characters at most", most=NOTE, field="note")
        off = TimeOff(id=self._new_id(), slot=slot, note=command.note)

        def change(calendar: Calendar) -> Calendar:
            for old in calendar.time_off:
                if old.slot.end < now - KEPT:
                    calendar = calendar.without_time_off(old.id)
            if len(calendar.time_off) >= MOST:
                raise Invalid("there are {most} times off already; remove one first", most=MOST, field="slot")
            return calendar.with_time_off(off)

        return await self._change(actor, change)


class RemoveTimeOff:
    """Removing what is not there changes nothing."""

    def __init__(self, change_calendar: ChangeCalendar) -> None:
        self._change = change_calendar

    async def __call__(self, actor: Actor, off_id: UUID) -> CalendarChanged:
        return await self._change(actor, lambda calendar: calendar.without_time_off(off_id))
