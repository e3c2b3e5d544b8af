"""What stands between children and strangers: clearances of Qaris, and what people have agreed to."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol

import msgspec

from domain.ids import BookingId, ClearanceId, UserId
from domain.onboarding.clearance import Clearance, ClearanceKind
from domain.onboarding.consent import Acceptance, ConsentDocument


class ClearanceRepository(Protocol):
    async def get(self, clearance_id: ClearanceId) -> Clearance:
        """Raises NotFound."""
        ...

    async def of_qari(self, qari_id: UserId) -> Sequence[Clearance]:
        """Newest first, withdrawn and expired ones too."""
        ...

    async def add(self, clearance: Clearance) -> None: ...

    async def save(self, clearance: Clearance) -> None:
        """Raises StaleWrite."""
        ...


class ConsentRepository(Protocol):
    async def documents(self, at: datetime) -> Sequence[ConsentDocument]:
        """The texts in force, in their latest version; those that ask for nothing are left out."""
        ...

    async def of_user(self, user_id: UserId) -> Sequence[Acceptance]:
        """All that he ever accepted."""
        ...

    async def add(self, acceptance: Acceptance) -> None:
        """Saying yes twice changes nothing: the first time counts."""
        ...


class QariClearance(msgspec.Struct, frozen=True, kw_only=True):
    """``valid``: the kinds that hold today; ``until``: when the first of them runs out."""

    qari_id: UserId
    name: str
    valid: tuple[ClearanceKind, ...]
    until: date | None


class FlaggedLesson(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson ahead with a minor, given by a Qari who will lack a clearance on that day. (SAFE-02)"""

    booking_id: BookingId
    starts_at: datetime
    qari_id: UserId
    qari_name: str
    learner_id: UserId
    learner_name: str


class SafetyQueries(Protocol):
    async def clearances(self, today: date) -> Sequence[QariClearance]:
        """Of all approved Qaris; those without any first, then the soonest to expire."""
        ...

    async def flagged(
        self, required: Collection[ClearanceKind], *, now: datetime, majority_years: int, limit: int = 200
    ) -> Sequence[FlaggedLesson]:
        """Standing lessons ahead, soonest first."""
        ...
