"""What the school has seen of a Qari before he teaches children, and until when it holds. (SAFE-02)"""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from enum import StrEnum

import msgspec

from domain.errors import Conflict, Invalid
from domain.ids import ClearanceId, UserId


class NotCleared(Invalid):
    """The Qari may not be given new lessons with minors. ``missing`` in details says what is lacking or over."""

    code = "qari_not_cleared"


class ClearanceKind(StrEnum):
    BACKGROUND_CHECK = "background_check"
    IJAZAH = "ijazah"
    TRAINING = "training"


class Clearance(msgspec.Struct, frozen=True, kw_only=True):
    """``expires_on`` is the last day on which it holds; None for what never runs out. ``reference``: where the paper
    is to be found, never what it says.
    """

    id: ClearanceId
    qari_id: UserId
    kind: ClearanceKind
    issued_on: date
    expires_on: date | None
    reference: str
    recorded_by: UserId
    recorded_at: datetime
    withdrawn_at: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        if self.expires_on is not None and self.expires_on < self.issued_on:
            raise Invalid("a clearance expires after it was issued", field="expires_on")
        if len(self.reference) > 200 or not self.reference.isprintable():
            raise Invalid("a reference has at most 200 characters", field="reference")

    def holds_on(self, day: date) -> bool:
        not_over = self.expires_on is None or day <= self.expires_on
        return self.withdrawn_at is None and self.issued_on <= day and not_over

    def withdraw(self, *, at: datetime) -> "Clearance":
        """Raises Conflict the second time."""
        if self.withdrawn_at is not None:
            raise Conflict("this clearance was withdrawn before")
        return msgspec.structs.replace(self, withdrawn_at=at, version=self.version + 1)


def missing_on(
    day: date, clearances: Iterable[Clearance], required: Collection[ClearanceKind]
) -> tuple[ClearanceKind, ...]:
    """The required kinds that do not hold on that day."""
    held = {clearance.kind for clearance in clearances if clearance.holds_on(day)}
    return tuple(sorted(set(required) - held))
