"""Copies of what is kept about a person, the end of it, and how long things are kept at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from domain.identity.privacy import Erasure, Export
from domain.identity.retention import DataClass
from domain.ids import ErasureId, ExportId, UserId


class Ties(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be settled before somebody can be forgotten: counts of lessons ahead, payments and refunds under
    way, children whose guardian of record he is, and accounts of the ledger that are not at zero.
    """

    lessons: int = 0
    payments: int = 0
    refunds: int = 0
    children: int = 0
    balances: int = 0

    def __bool__(self) -> bool:
        return bool(self.lessons or self.payments or self.refunds or self.children or self.balances)


class ExportRepository(Protocol):
    async def add(self, export: Export) -> bool:
        """False when one of this person is being made already; nothing is stored then."""
        ...

    async def get(self, export_id: ExportId) -> Export:
        """Locked until the unit ends: it is fetched once. Raises NotFound."""
        ...

    async def latest_of(self, user_id: UserId) -> Export | None: ...

    async def waiting(self, limit: int) -> Sequence[Export]: ...

    async def run_out(self, now: datetime, limit: int) -> Sequence[Export]:
        """Those that are ready and were not fetched in time."""
        ...

    async def save(self, export: Export) -> None:
        """Raises StaleWrite."""
        ...


class ErasureRepository(Protocol):
    async def add(self, erasure: Erasure) -> None:
        """Raises ErasureUnderWay when one is scheduled already; the unit is then only good for leaving."""
        ...

    async def was_erased(self, user_id: UserId) -> bool: ...

    async def scheduled_of(self, user_id: UserId) -> Erasure | None: ...

    async def due(self, now: datetime, limit: int) -> Sequence[ErasureId]: ...

    async def get(self, erasure_id: ErasureId) -> Erasure:
        """Locked until the unit ends. Raises NotFound."""
        ...

    async def save(self, erasure: Erasure) -> None:
        """Raises StaleWrite."""
        ...


class PersonalData(Protocol):
    """Over all contexts: each says in one place which of its rows are about whom."""

    async def read(self, user_id: UserId) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Everything about one person, by table; plain JSON values, secrets left out."""
        ...

    async def ties(self, user_id: UserId, now: datetime) -> Ties: ...

    async def files(self, user_id: UserId) -> Sequence[str]:
        """The keys of all files that are his."""
        ...

    async def erase(self, user_id: UserId) -> int:
        """Removes or blanks what nobody has to keep, and cuts the rest from the person. How many rows that were."""
        ...


class Retention(Protocol):
    async def purge(self, kind: DataClass, *, before: datetime, limit: int) -> int:
        """Removes or blanks what ended before that; how many rows that were, at most ``limit``."""
        ...
