"""Whoever comes of age answers for himself: the guardians' rights end with the birthday. (SAFE-01)"""

from datetime import date, datetime
from typing import Final

from application.outbox.one_by_one import each_of
from domain.booking.rules import SAFEGUARDING, read_safeguarding
from domain.identity.age import is_minor
from domain.identity.guardianship import Guardianship
from ports.clock import Clock
from ports.unit_of_work import NewUnit

BATCH: Final = 500


class HandOverAtMajority:
    """Sweep. The rights have ended on the day itself (they are asked for together with the age); this writes it down
    and tells both. Answers how many guardianships ended.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self) -> int:
        now = self._clock.now()
        async with self._new_unit() as unit:
            years = read_safeguarding(await unit.policies.current(SAFEGUARDING, now)).majority_years
            due = list(await unit.guardianships.grown_up(_born_until(now.date(), years), BATCH))

        async def end(guardianship: Guardianship) -> int:
            return await self._end(guardianship, years, now)

        return await each_of(due, end)

    async def _end(self, guardianship: Guardianship, years: int, now: datetime) -> int:
        async with self._new_unit() as unit:
            child = await unit.users.get(guardianship.child_id)
            if is_minor(child.birth_date, child.zone, now, years):
                return 0  # the day has not begun where he lives
            ended, news = guardianship.end_at_majority(at=now)
            await unit.guardianships.save(ended)
            unit.record(news)
            await unit.commit()
        return 1


def _born_until(today: date, years: int) -> date:
    """The last birth date of whom that many years have passed."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        return date(today.year - years, 2, 28)
