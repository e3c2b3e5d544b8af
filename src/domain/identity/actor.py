"""Who is asking: a person, acting in one role, through one door."""

from enum import StrEnum

import msgspec

from domain.errors import NotPermitted
from domain.identity.permission import GATED, Audience, Permission, Role, permissions_of
from domain.ids import UserId


class OnboardingRequired(NotPermitted):
    code = "onboarding_required"


class OtherHat(NotPermitted):
    """Allowed to the person, but not in the role that he acts in now. (ID-19)"""

    code = "other_role"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """``onboarded``: whoever is not may look around, but not do what is in ``permission.GATED``. (ONB-05)
    ``impersonator``: the member of staff who looks through this person's eyes, and may change nothing. (ID-20)
    """

    user_id: UserId
    role: Role
    audience: Audience
    onboarded: bool = True
    impersonator: UserId | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(self.audience, self.role)

    @property
    def is_staff(self) -> bool:
        return self.audience is Audience.ADMIN

    @property
    def teaches(self) -> bool:
        return self.may(Permission.TEACH)

    @property
    def learns(self) -> bool:
        """For himself, or as one who answers for children."""
        return self.may(Permission.BOOK_LESSON)

    def may(self, permission: Permission) -> bool:
        return permission is Permission.NOTHING or permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises NotPermitted, OnboardingRequired."""
        if not self.may(permission):
            raise NotPermitted("a {role} may not do this here", role=self.role.value, needs=permission.value)
        if permission in GATED and not self.onboarded:
            raise OnboardingRequired("this opens once the application is approved", needs=permission.value)


class Party(StrEnum):
    """In what capacity somebody acted on a lesson."""

    LEARNER = "learner"
    QARI = "qari"
    STAFF = "staff"
    SYSTEM = "system"
