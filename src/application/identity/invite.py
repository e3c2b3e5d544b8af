"""Accounts that others make: their owners get a link to choose a password, never a password. (ID-12)"""

from collections.abc import Collection

import msgspec

from domain.errors import Invalid, NotPermitted
from domain.identity.account import require_reason
from domain.identity.actor import Actor
from domain.identity.permission import GRANTS, Audience, Permission, Role
from domain.identity.user import EmailTaken, User, beginnings, email_address
from domain.ids import UserId
from domain.oversight.audit import Act
from ports.clock import Clock, NewId
from ports.unit_of_work import NewUnit


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """``name``: the part of the address before the @ when empty."""

    email: str
    name: str = ""
    roles: frozenset[Role] = frozenset({Role.STUDENT})
    locale: str = "en"
    zone: str = ""


class EnsureAccount:
    """For whoever pays without having an account: one account, one invitation, however often this is asked for.
    ``zone``: where none is told. Raises Invalid.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId, zone: str) -> None:
        self._new_unit, self._clock, self._new_id, self._zone = new_unit, clock, new_id, zone

    async def __call__(self, wanted: NewAccount) -> User:
        user, _ = await self.made(wanted)
        return user

    async def made(self, wanted: NewAccount, *acts: Act) -> tuple[User, bool]:
        """And whether it is new. ``acts`` are noted if so; they may leave out whom they are about."""
        email, now = email_address(wanted.email), self._clock.now()
        user = User(
            id=UserId(self._new_id()),
            email=email,
            name=" ".join(wanted.name.split()) or email.partition("@")[0],
            password_hash="",
            roles=wanted.roles,
            onboarding=beginnings(wanted.roles),
            zone=wanted.zone or self._zone,
            locale=wanted.locale,
            created_at=now,
        )
        try:
            async with self._new_unit() as unit:
                known = await unit.users.by_email(email)
                if known is not None:
                    return known, False
                await unit.users.add(user)
                unit.record(user.invited(at=now))
                unit.note(*(msgspec.structs.replace(act, subject=("user", str(user.id))) for act in acts))
                await unit.commit()
        except EmailTaken:
            async with self._new_unit() as unit:
                known = await unit.users.by_email(email)
            if known is None:
                raise
            return known, False
        return user, True


class Invite:
    """Staff make an account for somebody; asked again while he has not entered it, another link is mailed. Raises
    NotPermitted, Invalid, EmailTaken for somebody who has an account.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, ensure_account: EnsureAccount) -> None:
        self._new_unit, self._clock, self._ensure_account = new_unit, clock, ensure_account

    async def __call__(self, actor: Actor, wanted: NewAccount, reason: str) -> User:
        actor.require(Permission.MANAGE_PEOPLE)
        _require_may_grant(actor, wanted.roles)
        act = Act(
            actor=actor,
            action="identity.invite",
            subject=("user", ""),
            after={"roles": sorted(wanted.roles)},
            reason=require_reason(reason),
        )
        user, new = await self._ensure_account.made(wanted, act)
        if new:
            return user
        if user.password_hash or user.email_verified_at is not None or not user.may_sign_in:
            raise EmailTaken("there is an account with this address already", field="email")
        async with self._new_unit() as unit:
            unit.record(user.invited(at=self._clock.now()))
            unit.note(msgspec.structs.replace(act, subject=("user", str(user.id)), after={}))
            await unit.commit()
        return user


def _require_may_grant(actor: Actor, roles: Collection[Role]) -> None:
    if not roles:
        raise Invalid("an account has at least one role", field="roles")
    if any(role in GRANTS[Audience.ADMIN] for role in roles):
        actor.require(Permission.MANAGE_ROLES)
    if Role.OWNER in roles and actor.role is not Role.OWNER:
        raise NotPermitted("only an owner makes an owner")
