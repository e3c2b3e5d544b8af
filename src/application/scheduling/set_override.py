"""A Qari says that one date is different from its week. (DISC-02)"""

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from application.scheduling.change_calendar import CalendarChanged, ChangeCalendar
from domain.errors import Invalid
from domain.identity.actor import Actor
from domain.scheduling.calendar import Calendar, WallRange
from domain.scheduling.wall_clock import date_of, floor_minute, wall_clock
from ports.clock import Clock

LATEST_DAYS: Final = 732


class SetOverrideCommand(msgspec.Struct, frozen=True, kw_only=True):
    """No hours: closed. None: back to the weekly rules."""

    day: date
    hours: Sequence[WallRange] | None


class SetOverride:
    """Raises OverlappingRanges, Invalid for a date that is over or too far ahead. Dates that are over
    leave the calendar on the way.
    """

    def __init__(self, change_calendar: ChangeCalendar, clock: Clock) -> None:
        self._change, self._clock = change_calendar, clock

    async def __call__(self, actor: Actor, command: SetOverrideCommand) -> CalendarChanged:
        def change(calendar: Calendar) -> Calendar:
            today = date_of(wall_clock(calendar.zone).local_day(floor_minute(self._clock.now())))
            if command.hours is not None and command.day < today:
                raise Invalid("this date is over", field="day")
            if command.hours is not None and (command.day - today).days > LATEST_DAYS:
                raise Invalid("this date is more than two years ahead", field="day")
            for day in calendar.overrides:
                if (today - day).days > 1:
                    calendar = calendar.with_override(day, None)
            return calendar.with_override(command.day, command.hours)

        return await self._change(actor, change)
