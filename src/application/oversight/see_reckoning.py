"""By which moon an academy counts its days, for every page that shows a date. (L10N-02)"""

from datetime import datetime, timedelta
from typing import Final

from application.oversight.settings import current
from domain.hijri import RECKONING, Reckoning
from domain.ids import AcademyId
from ports.academy import current_academy
from ports.clock import Clock
from ports.unit_of_work import NewUnit

FRESH_FOR: Final = timedelta(seconds=30)
"""For so long a process goes by what it has read: the moon is corrected a few times a year."""


class SeeReckoning:
    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock
        self._read: dict[AcademyId, tuple[datetime, Reckoning]] = {}

    async def __call__(self) -> Reckoning:
        academy, now = current_academy(), self._clock.now()
        if academy in self._read and now - self._read[academy][0] < FRESH_FOR:
            return self._read[academy][1]
        async with self._new_unit() as unit:
            edition = await current(unit, RECKONING, now)
        assert isinstance(edition.value, Reckoning)  # noqa: S101 - that is what this kind holds
        self._read[academy] = (now, edition.value)
        return edition.value
