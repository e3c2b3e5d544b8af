"""Who answers for a child, and what he may do for it. (SAFE-01)"""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from domain.errors import Conflict, Invalid, NotPermitted
from domain.identity.guardianship_events import GuardianInvited, GuardianshipEnded, GuardianshipStarted
from domain.ids import GuardianshipId, UserId
from domain.machine import Lifecycle


class GuardianNeeded(Invalid):
    """A minor does not book, move or cancel by himself, and is not booked for without a guardian of record."""

    code = "guardian_needed"


class LastGuardian(Conflict):
    """A minor keeps a guardian of record."""

    code = "last_guardian"


class AlreadyGuardian(Conflict):
    code = "already_guardian"


class Right(StrEnum):
    """``book`` covers moving and cancelling too; ``join`` is entering the class."""

    BOOK = "book"
    PAY = "pay"
    SEE = "see"
    JOIN = "join"


ALL_RIGHTS: Final = frozenset(Right)


class GuardianshipStatus(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    REVOKED = "revoked"
    ENDED_AT_MAJORITY = "ended_at_majority"


GUARDIANSHIP: Final = Lifecycle(
    "guardianship",
    {
        GuardianshipStatus.PENDING: frozenset(
            {GuardianshipStatus.ACTIVE, GuardianshipStatus.REVOKED, GuardianshipStatus.ENDED_AT_MAJORITY}
        ),
        GuardianshipStatus.ACTIVE: frozenset({GuardianshipStatus.REVOKED, GuardianshipStatus.ENDED_AT_MAJORITY}),
        GuardianshipStatus.REVOKED: frozenset(),
        GuardianshipStatus.ENDED_AT_MAJORITY: frozenset(),
    },
    start=frozenset({GuardianshipStatus.PENDING, GuardianshipStatus.ACTIVE}),
)
OPEN: Final = frozenset({GuardianshipStatus.PENDING, GuardianshipStatus.ACTIVE})


class Guardianship(msgspec.Struct, frozen=True, kw_only=True):
    """``of_record``: the one who answers for the child; he has all rights and says who else helps. ``created_by``
    asked for it. Ended ones stay, so that it can be told who was answerable when.
    """

    id: GuardianshipId
    guardian_id: UserId
    child_id: UserId
    rights: frozenset[Right]
    of_record: bool
    status: GuardianshipStatus
    created_by: UserId
    created_at: datetime
    ended_at: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        if self.guardian_id == self.child_id:
            raise Invalid("nobody is his own guardian", field="guardian_id")
        if not self.rights:
            raise Invalid("a guardian has at least one right", field="rights")
        if self.of_record and self.rights != ALL_RIGHTS:
            raise Invalid("a guardian of record has all rights", field="rights")

    @property
    def is_active(self) -> bool:
        return self.status is GuardianshipStatus.ACTIVE

    def gives(self, right: Right) -> bool:
        return self.is_active and right in self.rights

    def started(self) -> GuardianshipStarted:
        """Told once, of one that is active from the start."""
        return GuardianshipStarted(
            at=self.created_at, guardianship_id=self.id, guardian_id=self.guardian_id, child_id=self.child_id
        )

    def invited(self) -> GuardianInvited:
        return GuardianInvited(
            at=self.created_at, guardianship_id=self.id, guardian_id=self.guardian_id, child_id=self.child_id
        )

    def accept(self, *, by: UserId, at: datetime) -> tuple["Guardianship", GuardianshipStarted]:
        """Raises NotPermitted for anybody but who was asked, IllegalTransition."""
        if by != self.guardian_id:
            raise NotPermitted("only the one who was asked becomes a guardian")
        following = self._to(GuardianshipStatus.ACTIVE)
        return following, GuardianshipStarted(
            at=at, guardianship_id=self.id, guardian_id=self.guardian_id, child_id=self.child_id
        )

    def revoke(self, *, at: datetime) -> tuple["Guardianship", GuardianshipEnded]:
        return self._end(GuardianshipStatus.REVOKED, at)

    def end_at_majority(self, *, at: datetime) -> tuple["Guardianship", GuardianshipEnded]:
        return self._end(GuardianshipStatus.ENDED_AT_MAJORITY, at)

    def with_rights(self, rights: frozenset[Right]) -> "Guardianship":
        """Raises Conflict once it has ended."""
        if self.status not in OPEN:
            raise Conflict("this guardianship has ended")
        return msgspec.structs.replace(self, rights=rights, version=self.version + 1)

    def _end(self, status: GuardianshipStatus, at: datetime) -> tuple["Guardianship", GuardianshipEnded]:
        following = msgspec.structs.replace(self._to(status), ended_at=at)
        return following, GuardianshipEnded(
            at=at,
            guardianship_id=self.id,
            guardian_id=self.guardian_id,
            child_id=self.child_id,
            at_majority=status is GuardianshipStatus.ENDED_AT_MAJORITY,
        )

    def _to(self, status: GuardianshipStatus) -> "Guardianship":
        return msgspec.structs.replace(self, status=GUARDIANSHIP.step(self.status, status), version=self.version + 1)
