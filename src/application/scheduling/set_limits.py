"""A Qari says how much and how soon: pauses, notice, horizon, caps. (DISC-05)"""

from application.scheduling.change_calendar import CalendarChanged, ChangeCalendar
from domain.identity.actor import Actor
from domain.scheduling.calendar import Limits


class SetLimits:
    """Lessons keep the pauses they were booked with."""

    def __init__(self, change_calendar: ChangeCalendar) -> None:
        self._change = change_calendar

    async def __call__(self, actor: Actor, limits: Limits) -> CalendarChanged:
        return await self._change(actor, lambda calendar: calendar.with_limits(limits))
