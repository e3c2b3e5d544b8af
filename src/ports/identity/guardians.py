"""Children and those who answer for them; what the rules of a match need to know of a learner."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

import msgspec

from domain.booking.rules import MatchWish
from domain.identity.guardianship import Guardianship, GuardianshipStatus, Right
from domain.ids import GuardianshipId, UserId
from domain.scheduling.qari import Gender


class GuardianshipRepository(Protocol):
    async def get(self, guardianship_id: GuardianshipId) -> Guardianship:
        """Raises NotFound."""
        ...

    async def add(self, guardianship: Guardianship) -> None:
        """Raises AlreadyGuardian while an open one joins the same two; the unit is then only good for leaving."""
        ...

    async def save(self, guardianship: Guardianship) -> None:
        """Stores the next version. Raises StaleWrite unless ``version - 1`` is what is stored."""
        ...

    async def of_child(self, child_id: UserId) -> Sequence[Guardianship]:
        """Oldest first, ended ones too."""
        ...

    async def of_guardian(self, guardian_id: UserId) -> Sequence[Guardianship]:
        """Oldest first, ended ones too."""
        ...

    async def between(self, guardian_id: UserId, child_id: UserId) -> Guardianship | None:
        """The open one."""
        ...

    async def lock_child(self, child_id: UserId) -> None:
        """Until the unit ends, others who lock this child wait: so that a guardian of record is left."""
        ...

    async def grown_up(self, born_until: date, limit: int) -> Sequence[Guardianship]:
        """Open ones whose child was born on that day or before; hidden from other sweepers in this unit."""
        ...


class LearnerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """``birth_date`` and ``gender`` are None where nobody has said."""

    birth_date: date | None = None
    zone: str = "UTC"
    gender: Gender | None = None
    wish: MatchWish = MatchWish()


class LearnerRepository(Protocol):
    async def facts(self, learner_id: UserId) -> LearnerFacts:
        """All that the rules ask of a learner, in one read. Nothing is known of an unknown one."""
        ...

    async def set_wish(self, learner_id: UserId, wish: MatchWish) -> None: ...


class WardView(msgspec.Struct, frozen=True, kw_only=True):
    """A child as its guardian sees it: no address and no number of anybody else. (SAFE-06)"""

    guardianship_id: GuardianshipId
    child_id: UserId
    name: str
    zone: str
    birth_date: date | None
    gender: Gender | None
    wish: MatchWish
    rights: tuple[Right, ...]
    of_record: bool
    status: GuardianshipStatus
    has_address: bool


class GuardianView(msgspec.Struct, frozen=True, kw_only=True):
    guardianship_id: GuardianshipId
    guardian_id: UserId
    name: str
    rights: tuple[Right, ...]
    of_record: bool
    status: GuardianshipStatus


class GuardianQueries(Protocol):
    async def wards(self, guardian_id: UserId) -> Sequence[WardView]:
        """Whom he answers for or is asked to answer for, by name; ended ones are left out."""
        ...

    async def ward(self, guardian_id: UserId, child_id: UserId) -> WardView | None: ...

    async def guardians(self, child_id: UserId) -> Sequence[GuardianView]:
        """Of a child, asked ones too; ended ones are left out. The one of record first."""
        ...

    async def children_seen_by(self, guardian_id: UserId, right: Right) -> Sequence[UserId]:
        """Those for whom he has that right."""
        ...
