"""Where somebody lands after signing in. (ID-15)"""

from collections.abc import Mapping
from typing import Final

from domain.identity.permission import Role
from domain.identity.user import Onboarding

HOMES: Final[Mapping[Role, str]] = {
    Role.STUDENT: "/portal",
    Role.GUARDIAN: "/portal",
    Role.QARI: "/qari/overview",
    Role.TEACHING_LEAD: "/",
    Role.SUPPORT: "/",
    Role.FINANCE: "/",
    Role.ADMIN: "/",
    Role.OWNER: "/",
}
APPLICATION: Final = "/onboarding"
UNDER_REVIEW: Final = "/onboarding/under-review"


def landing_of(role: Role, onboarding: Onboarding) -> str:
    """Home for those who are approved or need no approval; the others go on with their application."""
    if onboarding is Onboarding.SUBMITTED:
        return UNDER_REVIEW
    return HOMES[role] if onboarding.cleared else APPLICATION
