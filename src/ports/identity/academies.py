"""The schools of this installation. Nothing here has walls: it is what the walls are made of. (ADM-10)"""

from collections.abc import Sequence
from typing import Protocol

from domain.identity.academy import Academy
from domain.ids import AcademyId


class AcademyRepository(Protocol):
    async def get(self, academy_id: AcademyId) -> Academy:
        """Raises NotFound."""
        ...

    async def add(self, academy: Academy) -> None:
        """Raises HostTaken; after that the unit is only good for leaving."""
        ...

    async def save(self, academy: Academy) -> None:
        """Stores the next version. Raises StaleWrite, HostTaken."""
        ...


class AcademyQueries(Protocol):
    async def all(self) -> Sequence[Academy]:
        """Oldest first: the first one is every installation's first academy."""
        ...
