"""By which moon an academy counts its days, and what it calls things, for every page. (L10N-02, L10N-04)"""

from datetime import datetime, timedelta
from typing import ClassVar, Final, Generic, TypeVar

import msgspec

from application.oversight.settings import current
from domain.hijri import RECKONING, Reckoning
from domain.ids import AcademyId
from domain.terminology import TERMINOLOGY, Terminology
from ports.academy import current_academy
from ports.clock import Clock
from ports.unit_of_work import NewUnit

FRESH_FOR: Final = timedelta(seconds=30)
"""For so long a process goes by what it has read: both are changed a few times a year."""
Document = TypeVar("Document", bound=msgspec.Struct)


class _InForce(Generic[Document]):
    kind: ClassVar[str]
    shape: type[Document]

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock
        self._read: dict[AcademyId, tuple[datetime, Document]] = {}

    async def __call__(self) -> Document:
        academy, now = current_academy(), self._clock.now()
        if academy in self._read and now - self._read[academy][0] < FRESH_FOR:
            return self._read[academy][1]
        async with self._new_unit() as unit:
            edition = await current(unit, self.kind, now)
        assert isinstance(edition.value, self.shape)  # noqa: S101 - that is what this kind holds
        self._read[academy] = (now, edition.value)
        return edition.value


class SeeReckoning(_InForce[Reckoning]):
    kind = RECKONING
    shape = Reckoning


class SeeTerminology(_InForce[Terminology]):
    kind = TERMINOLOGY
    shape = Terminology
