"""Who is asking: a person, acting in one role, through one door."""

from enum import StrEnum

import msgspec

from domain.errors import NotPermitted
from domain.identity.permission import Audience, Permission, Role, permissions_of
from domain.ids import UserId


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    user_id: UserId
    role: Role
    audience: Audience

    @property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(self.audience, self.role)

    @property
    def is_staff(self) -> bool:
        return self.audience is Audience.ADMIN

    def may(self, permission: Permission) -> bool:
        return permission is Permission.NOTHING or permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises NotPermitted."""
        if not self.may(permission):
            raise NotPermitted(f"a {self.role} may not do this here", needs=permission.value)


class Party(StrEnum):
    """In what capacity somebody acted on a lesson."""

    LEARNER = "learner"
    QARI = "qari"
    STAFF = "staff"
    SYSTEM = "system"
