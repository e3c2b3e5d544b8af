"""An account: one person who can sign in. (ID-01, ID-11)"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from domain.errors import Conflict, Invalid
from domain.identity.events import EmailVerified, UserRegistered
from domain.identity.permission import GRANTS, Audience, Role
from domain.ids import UserId
from domain.machine import Lifecycle
from domain.time import zone_of


class EmailTaken(Conflict):
    code = "email_taken"


class AccountStatus(StrEnum):
    ACTIVE = "active"
    BLOCKED = "blocked"


class Onboarding(StrEnum):
    """How far somebody's application is. Learners need none."""

    NOT_NEEDED = "not_needed"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


ACCOUNT: Final = Lifecycle(
    "account",
    {
        AccountStatus.ACTIVE: frozenset({AccountStatus.BLOCKED}),
        AccountStatus.BLOCKED: frozenset({AccountStatus.ACTIVE}),
    },
    start=frozenset({AccountStatus.ACTIVE}),
)
SELF_CHOSEN: Final = frozenset({Role.STUDENT, Role.GUARDIAN})
_ADDRESS: Final = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[^@\s.,]+(\.[^@\s.,]+)+")


def email_address(text: str) -> str:
    """As written, trimmed. Addresses are compared without regard to case, see ``same_address``. Raises Invalid."""
    trimmed = text.strip()
    if len(trimmed) > 254 or not trimmed.isprintable() or _ADDRESS.fullmatch(trimmed) is None:
        raise Invalid("this is not an e-mail address", field="email")
    return trimmed


def same_address(email: str) -> str:
    """The form in which two spellings of one address are equal."""
    return email.strip().lower()


class User(msgspec.Struct, frozen=True, kw_only=True):
    """``password_hash`` never leaves the use cases: no view and no answer carries it."""

    id: UserId
    email: str
    name: str
    password_hash: str
    roles: frozenset[Role]
    zone: str
    locale: str = "en"
    phone: str | None = None
    status: AccountStatus = AccountStatus.ACTIVE
    onboarding: Onboarding = Onboarding.NOT_NEEDED
    email_verified_at: datetime | None = None
    created_at: datetime
    version: int = 1

    def __post_init__(self) -> None:
        email_address(self.email)
        zone_of(self.zone)
        if not self.name.strip() or len(self.name) > 120 or not self.name.isprintable():
            raise Invalid("a name has between 1 and 120 characters", field="name")
        if not self.roles:
            raise Invalid("an account has at least one role", field="roles")

    def registered(self) -> UserRegistered:
        return UserRegistered(user_id=self.id, at=self.created_at)

    def verify_email(self, *, at: datetime) -> tuple["User", EmailVerified]:
        following = msgspec.structs.replace(self, email_verified_at=at, version=self.version + 1)
        return following, EmailVerified(user_id=self.id, at=at)

    def with_password_hash(self, password_hash: str) -> "User":
        return msgspec.structs.replace(self, password_hash=password_hash, version=self.version + 1)

    def role_at(self, audience: Audience) -> Role | None:
        """The role somebody acts in behind that door: the one that may do most, None where there is none."""
        able = [role for role in self.roles if role in GRANTS[audience]]
        return max(able, key=lambda role: (len(GRANTS[audience][role]), role), default=None)

    @property
    def may_sign_in(self) -> bool:
        return self.status is AccountStatus.ACTIVE
