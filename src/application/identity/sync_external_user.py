"""What another system tells about the people it manages. (ID-13)

It may make learners, rename them, move their address and shut them out. It gives nobody a role and touches no account
of the staff; what has been taught and paid stays as it is.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from domain.errors import Conflict, Invalid
from domain.identity.account import is_staff
from domain.identity.events import AccessChanged
from domain.identity.permission import Role
from domain.identity.session import Ending
from domain.identity.user import AccountStatus, EmailTaken, User, beginnings, email_address
from domain.ids import UserId
from domain.oversight.audit import Act
from ports.clock import Clock, NewId
from ports.identity.external import ExternalUser
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit, UnitOfWork


class NotLinked(Conflict):
    """An account of that address is here already, and it is not certain that both belong to one person."""

    code = "not_linked"


class Kind(StrEnum):
    CREATED = "user.created"
    UPDATED = "user.updated"
    DELETED = "user.deleted"


class Outcome(StrEnum):
    """``LATE``: something newer has been told already."""

    DONE = "done"
    DUPLICATE = "duplicate"
    LATE = "late"


class ExternalChange(msgspec.Struct, frozen=True, kw_only=True):
    """``subject`` is the person's id over there."""

    event_id: str
    kind: Kind
    at: datetime
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    zone: str = ""
    locale: str = ""


class SyncExternalUser:
    """Raises Invalid, NotLinked, EmailTaken, StaleWrite; nothing is kept then, and the message may come again."""

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId, cache: SessionCache, zone: str) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id
        self._cache, self._zone = cache, zone

    async def __call__(self, change: ExternalChange) -> Outcome:
        now = self._clock.now()
        async with self._new_unit() as unit:
            if not await unit.external_users.first_time(change.event_id, at=now):
                return Outcome.DUPLICATE
            known = await unit.external_users.find(change.subject)
            late = known is not None and known.told_at >= change.at
            user_id = None
            if not late and change.kind is Kind.DELETED:
                user_id = await self._shut_out(unit, known, now)
            elif not late:
                user_id = await self._take_over(unit, known, change, now)
            if user_id is not None:
                told = ExternalUser(subject=change.subject, user_id=user_id, told_at=change.at)
                await unit.external_users.put(told)
                subject = ("user", str(user_id))
                unit.note(Act(actor=None, action="identity.sync", subject=subject, reason=change.kind.value))
                unit.record(AccessChanged(user_id=user_id, at=now))
            await unit.commit()
        if user_id is not None:
            await self._cache.forget(user_id)
        return Outcome.LATE if late else Outcome.DONE

    async def _shut_out(self, unit: UnitOfWork, known: ExternalUser | None, now: datetime) -> UserId | None:
        if known is None:
            return None
        user = await unit.users.get(known.user_id)
        if is_staff(user):
            raise NotLinked("accounts of the staff are managed here alone")
        if user.status is AccountStatus.ACTIVE:
            blocked, event = user.block(at=now)
            await unit.users.save(blocked)
            await unit.sessions.end_all(user.id, because=Ending.BLOCKED, at=now)
            unit.record(event)
        return user.id

    async def _take_over(
        self, unit: UnitOfWork, known: ExternalUser | None, change: ExternalChange, now: datetime
    ) -> UserId:
        if not change.email:
            raise Invalid("the address is missing", field="email")
        email = email_address(change.email)
        holder = await unit.users.by_email(email)
        user = await unit.users.get(known.user_id) if known is not None else holder
        if user is None:
            user = self._made(change, email, now)
            await unit.users.add(user)
            return user.id
        if is_staff(user):
            raise NotLinked("accounts of the staff are managed here alone")
        if holder is not None and holder.id != user.id:
            raise EmailTaken("there is an account with this address already", field="email")
        if known is None and not (change.email_verified and user.email_verified_at is not None):
            raise NotLinked("an account of this address exists, and it is not proven on both sides")
        following = user.synced(
            name=change.name,
            zone=change.zone,
            locale=change.locale,
            email=email if change.email_verified else user.email,
            at=now,
        )
        if following is not user:
            await unit.users.save(following)
        return user.id

    def _made(self, change: ExternalChange, email: str, now: datetime) -> User:
        return User(
            id=UserId(self._new_id()),
            email=email,
            name=" ".join(change.name.split()) or email.partition("@")[0],
            password_hash="",
            roles=frozenset({Role.STUDENT}),
            onboarding=beginnings({Role.STUDENT}),
            zone=change.zone or self._zone,
            locale=change.locale or "en",
            email_verified_at=now if change.email_verified else None,
            created_at=now,
        )
