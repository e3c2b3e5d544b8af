"""What a learner or guardian insists on in a teacher. No path books around it. (DISC-12)"""

from collections.abc import Collection
from datetime import datetime

import msgspec

from domain.errors import Invalid
from domain.ids import UserId


class MatchRefused(Invalid):
    """The Qari is not whom the learner may be taught by. ``rule`` in details names the constraint."""

    code = "match_refused"


class MatchRule(msgspec.Struct, frozen=True, kw_only=True):
    """None: no wish. Values are those of the Qari's profile."""

    learner_id: UserId
    gender: str | None = None
    language: str | None = None
    set_by: UserId
    set_at: datetime

    def require(self, *, gender: str, languages: Collection[str]) -> None:
        """Raises MatchRefused."""
        if self.gender is not None and gender != self.gender:
            raise MatchRefused("the learner is to be taught by the other gender only", field="qari_id", rule="gender")
        if self.language is not None and self.language not in languages:
            raise MatchRefused("the Qari does not teach in the learner's language", field="qari_id", rule="language")
