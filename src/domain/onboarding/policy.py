"""The school's rules about who is let in, as versioned data. (ONB-01, ONB-04)"""

from enum import StrEnum
from typing import Final

import msgspec

from domain.booking.policy import PolicyRow
from domain.identity.permission import Role

ONBOARDING_POLICY: Final = "onboarding"
"""The kind under which these rules are stored."""


class DocumentKind(StrEnum):
    IDENTITY = "identity"
    IJAZAH = "ijazah"
    CERTIFICATE = "certificate"
    OTHER = "other"


class OnboardingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Qaris are always looked at by a person. ``qari_documents`` have to be there before a Qari can submit."""

    review_students: bool = False
    review_guardians: bool = False
    qari_documents: tuple[DocumentKind, ...] = (DocumentKind.IDENTITY,)

    def reviewed(self, role: Role) -> bool:
        """Whether a person decides; else a complete application is approved at once."""
        return {Role.STUDENT: self.review_students, Role.GUARDIAN: self.review_guardians}.get(role, True)


def read_onboarding_policy(row: PolicyRow | None) -> OnboardingPolicy:
    return OnboardingPolicy() if row is None else msgspec.json.decode(row.body, type=OnboardingPolicy)
