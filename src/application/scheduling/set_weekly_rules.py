"""A Qari says when he teaches every week. (DISC-02)"""

from collections.abc import Sequence

from application.scheduling.change_calendar import CalendarChanged, ChangeCalendar
from domain.identity.actor import Actor
from domain.scheduling.calendar import WeeklyRule


class SetWeeklyRules:
    """Replaces the whole week. Raises OverlappingRanges."""

    def __init__(self, change_calendar: ChangeCalendar) -> None:
        self._change = change_calendar

    async def __call__(self, actor: Actor, rules: Sequence[WeeklyRule]) -> CalendarChanged:
        return await self._change(actor, lambda calendar: calendar.with_rules(rules))
