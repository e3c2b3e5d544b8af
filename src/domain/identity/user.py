"""An account: one person who can sign in. (ID-01, ID-11)"""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.country import country_code
from domain.errors import Conflict, Invalid
from domain.identity.events import (
    AccountBlocked,
    AccountUnblocked,
    EmailChanged,
    EmailVerified,
    PasswordChanged,
    RolesChanged,
    UserInvited,
    UserRegistered,
)
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
    """How far somebody's application for a role is. Staff need none. (ONB-05)"""

    NOT_NEEDED = "not_needed"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"

    @property
    def cleared(self) -> bool:
        """Whether what is gated stands open."""
        return self in (Onboarding.NOT_NEEDED, Onboarding.APPROVED)


ACCOUNT: Final = Lifecycle(
    "account",
    {
        AccountStatus.ACTIVE: frozenset({AccountStatus.BLOCKED}),
        AccountStatus.BLOCKED: frozenset({AccountStatus.ACTIVE}),
    },
    start=frozenset({AccountStatus.ACTIVE}),
)
SELF_CHOSEN: Final = frozenset({Role.STUDENT, Role.GUARDIAN, Role.QARI})
"""Roles that somebody may apply for by himself. What is gated opens with the school's approval."""
LEARNING: Final = frozenset({Role.STUDENT, Role.GUARDIAN})
_ADDRESS: Final = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[^@\s.,]+(\.[^@\s.,]+)+")

_PHONE: Final = re.compile(r"\+?[0-9 ()./-]{6,25}")


def beginnings(roles: Collection[Role]) -> dict[Role, Onboarding]:
    """How far the applications of a new account are, whoever made it: nobody books without having told his age, and
    nobody teaches without having been vetted. (ONB-05, SAFE-01)
    """
    return dict.fromkeys(sorted(SELF_CHOSEN.intersection(roles)), Onboarding.DRAFT)


def email_address(text: str) -> str:
    """As written, trimmed. Addresses are compared without regard to case, see ``same_address``. Raises Invalid."""
    trimmed = text.strip()
    if len(trimmed) > 254 or not trimmed.isprintable() or _ADDRESS.fullmatch(trimmed) is None:
        raise Invalid("this is not an e-mail address", field="email")
    return trimmed


def same_address(email: str) -> str:
    """The form in which two spellings of one address are equal."""
    return email.strip().lower()


def phone_number(text: str | None) -> str | None:
    """Digits with their punctuation, trimmed; None for nothing. Raises Invalid."""
    trimmed = " ".join((text or "").split())
    if not trimmed:
        return None
    if _PHONE.fullmatch(trimmed) is None or not 6 <= sum(map(str.isdigit, trimmed)) <= 15:
        raise Invalid("this is not a telephone number", field="phone")
    return trimmed


class User(msgspec.Struct, frozen=True, kw_only=True):
    """``password_hash`` never leaves the use cases: no view and no answer carries it. ``onboarding`` names the roles
    that need an application, and how far it is. ``email`` is empty for a child who does not sign in. ``country``: where
    he lives, as far as he has told.
    """

    id: UserId
    email: str
    name: str
    password_hash: str
    roles: frozenset[Role]
    zone: str
    locale: str = "en"
    phone: str | None = None
    country: str = ""
    birth_date: date | None = None
    status: AccountStatus = AccountStatus.ACTIVE
    onboarding: Mapping[Role, Onboarding] = {}
    email_verified_at: datetime | None = None
    created_at: datetime
    version: int = 1

    def __post_init__(self) -> None:
        if self.email:
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

    def onboarding_of(self, role: Role) -> Onboarding:
        return self.onboarding.get(role, Onboarding.NOT_NEEDED)

    def with_onboarding(self, role: Role, onboarding: Onboarding) -> "User":
        """The role is added where it was missing."""
        return msgspec.structs.replace(
            self,
            roles=self.roles | {role},
            onboarding={**self.onboarding, role: onboarding},
            version=self.version + 1,
        )

    def admitted(self, role: Role, *, name: str, zone: str, birth_date: date | None) -> "User":
        """His application is approved; what it says of the person holds from now on. Raises Invalid."""
        self.require_told(birth_date)
        return self._next(
            roles=self.roles | {role},
            onboarding={**self.onboarding, role: Onboarding.APPROVED},
            name=" ".join(name.split()) or self.name,
            zone=zone or self.zone,
            birth_date=birth_date or self.birth_date,
        )

    def require_told(self, birth_date: date | None) -> None:
        """A birth date that is known is not made another by applying once more: else a child would come of age by
        asking for a second role. Raises Invalid. (SAFE-01)
        """
        if None not in (self.birth_date, birth_date) and birth_date != self.birth_date:
            raise Invalid(
                "the school knows another date of birth of you; ask the office to correct it", field="birth_date"
            )

    def with_password(
        self, password_hash: str, *, at: datetime, by_mail: bool = False
    ) -> tuple["User", PasswordChanged]:
        """A new one, by its owner's wish. ``by_mail``: through a mailed link, which proves the address as well."""
        verified = self.email_verified_at or (at if by_mail else None)
        following = self._next(password_hash=password_hash, email_verified_at=verified)
        return following, PasswordChanged(user_id=self.id, at=at)

    def with_email(self, email: str, *, at: datetime) -> tuple["User", EmailChanged]:
        """Whoever opened the link at the new address has proven it. Raises Invalid."""
        following = self._next(email=email_address(email), email_verified_at=at)
        return following, EmailChanged(user_id=self.id, was=self.email, at=at)

    def given_address(self, email: str, *, at: datetime) -> tuple["User", UserInvited]:
        """A child without one gets an account that it can enter: a link to choose a password follows. Raises Invalid,
        Conflict.
        """
        if self.email:
            raise Conflict("this account has an address already")
        following = self._next(email=email_address(email))
        return following, following.invited(at=at)

    def with_profile(self, *, name: str, zone: str, phone: str | None, country: str | None = None) -> "User":
        """Without a ``country`` it stays. Raises Invalid, UnknownZone."""
        told = self.country if country is None else country_code(country)
        return self._next(name=" ".join(name.split()), zone=zone, phone=phone_number(phone), country=told)

    def with_birth_date(self, birth_date: date) -> "User":
        return self._next(birth_date=birth_date)

    def with_locale(self, locale: str) -> "User":
        return self._next(locale=locale)

    def synced(self, *, name: str, zone: str, locale: str, email: str, at: datetime) -> "User":
        """As another system knows this person; what it does not tell stays. The same object when nothing differs."""
        told = {"name": " ".join(name.split()), "zone": zone, "locale": locale, "email": email}
        changes: dict[str, Any] = {key: value for key, value in told.items() if value and value != getattr(self, key)}
        if "email" in changes:
            changes["email_verified_at"] = at
        return self._next(**changes) if changes else self

    def with_roles(self, roles: frozenset[Role], *, at: datetime) -> tuple["User", RolesChanged]:
        """A Qari is vetted whoever made him one, and a learner tells his age: the application starts here. Raises
        Invalid when no role is left.
        """
        changed = RolesChanged(user_id=self.id, roles=tuple(sorted(roles)), was=tuple(sorted(self.roles)), at=at)
        onboarding = {role: state for role, state in self.onboarding.items() if role in roles}
        told_age = LEARNING if self.birth_date is not None else frozenset()
        onboarding |= beginnings(roles - self.roles - told_age)
        return self._next(roles=roles, onboarding=onboarding), changed

    def block(self, *, at: datetime) -> tuple["User", AccountBlocked]:
        """Raises IllegalTransition."""
        status = ACCOUNT.step(self.status, AccountStatus.BLOCKED)
        return self._next(status=status), AccountBlocked(user_id=self.id, at=at)

    def unblock(self, *, at: datetime) -> tuple["User", AccountUnblocked]:
        """Raises IllegalTransition."""
        status = ACCOUNT.step(self.status, AccountStatus.ACTIVE)
        return self._next(status=status), AccountUnblocked(user_id=self.id, at=at)

    def invited(self, *, at: datetime) -> UserInvited:
        return UserInvited(user_id=self.id, at=at)

    def role_at(self, audience: Audience) -> Role | None:
        """The role somebody acts in behind that door until he puts on another hat: one that is approved before one that
        is not, then the one that may do most. None where there is none.
        """
        able = [role for role in self.roles if role in GRANTS[audience]]
        return max(
            able,
            key=lambda role: (self.onboarding_of(role).cleared, len(GRANTS[audience][role]), role),
            default=None,
        )

    @property
    def may_sign_in(self) -> bool:
        return self.status is AccountStatus.ACTIVE

    def _next(self, **changes: Any) -> "User":
        return msgspec.structs.replace(self, version=self.version + 1, **changes)
