"""Something in which the books do not agree, and what became of it: put right, or explained by a person. (PAYM-28)"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from domain.errors import Invalid
from domain.ids import FindingId, UserId
from domain.machine import Lifecycle


class FindingStatus(StrEnum):
    OPEN = "open"
    EXPLAINED = "explained"
    GONE = "gone"


_F = FindingStatus
TRANSITIONS: Final[Mapping[FindingStatus, frozenset[FindingStatus]]] = {
    _F.OPEN: frozenset({_F.EXPLAINED, _F.GONE}),
    # to open again: it says something else now
    _F.EXPLAINED: frozenset({_F.OPEN, _F.GONE}),
    _F.GONE: frozenset({_F.OPEN}),
}
LIFECYCLE: Final = Lifecycle("finding of the books", TRANSITIONS, start=frozenset({_F.OPEN}))


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """``source``: who was asked, "books" for our own alone. With ``kind`` and ``subject`` it names the finding."""

    id: FindingId
    source: str
    kind: str
    subject: str
    message: str
    found_at: datetime
    status: FindingStatus = FindingStatus.OPEN
    explanation: str = ""
    explained_by: UserId | None = None

    @property
    def name(self) -> tuple[str, str, str]:
        return self.source, self.kind, self.subject

    def seen_again(self, message: str, *, at: datetime) -> "Finding":
        """An explanation holds for as long as the same thing is said."""
        if self.status is not _F.GONE and message == self.message:
            return self
        status = self.status if self.status is _F.OPEN else LIFECYCLE.step(self.status, _F.OPEN)
        return msgspec.structs.replace(
            self, status=status, message=message, found_at=at, explanation="", explained_by=None
        )

    def explain(self, why: str, *, by: UserId) -> "Finding":
        """Raises Invalid without a reason, IllegalTransition unless it is open."""
        if not why.strip():
            raise Invalid("say why it is so", field="explanation")
        status = LIFECYCLE.step(self.status, _F.EXPLAINED)
        return msgspec.structs.replace(self, status=status, explanation=why.strip(), explained_by=by)

    def go(self) -> "Finding":
        """It agrees again."""
        return msgspec.structs.replace(self, status=LIFECYCLE.step(self.status, _F.GONE))
