"""Where somebody lands after signing in. (ID-15)"""

from collections.abc import Mapping
from typing import Final

from domain.identity.permission import Role
from domain.identity.user import Onboarding

HOMES: Final[Mapping[Role, str]] = {
    Role.STUDENT: "/portal",
    Role.GUARDIAN: "/portal",
    Role.QARI: "/qari",
    Role.TEACHING_LEAD: "/",
    Role.SUPPORT: "/",
    Role.FINANCE: "/",
    Role.ADMIN: "/",
    Role.OWNER: "/",
}


def landing_of(role: Role, onboarding: Onboarding) -> str:
    """A Qari whose application is not decided yet lands there too: his overview says how far it is."""
    del onboarding
    return HOMES[role]
