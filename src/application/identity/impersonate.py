"""Looking through somebody's eyes: read-only, for twenty minutes, written down. (ID-20)

A member of staff asks for it in the office and is handed a link over to the main entrance, good once and for two
minutes. What opens there is a session of its own that no write gets through.
"""

import secrets
from typing import Final
from uuid import UUID

from application.identity.open_session import Admitted, OpenSession
from domain.errors import NotPermitted
from domain.identity.account import is_staff, require_reason
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged
from domain.identity.permission import GRANTS, Audience, Permission, Role, permissions_of
from domain.identity.session import Ending, Factor, LinkUsed, Session, Verification, VerificationPurpose, hash_token
from domain.identity.user import User
from domain.ids import SessionId, UserId
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit

PORTION: Final = 200


class AskImpersonation:
    """Answers the token for the way over. Raises NotPermitted, NotFound, Invalid without a reason."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, user_id: UserId, reason: str) -> str:
        actor.require(Permission.IMPERSONATE)
        reason, token = require_reason(reason), secrets.token_urlsafe(32)
        async with self._new_unit() as unit:
            user = await unit.users.get(user_id)
            require_seen_through(user)
            link = Verification.mint(
                token,
                user_id,
                VerificationPurpose.IMPERSONATION,
                at=self._clock.now(),
                address=f"{actor.user_id} {actor.role.value}",
            )
            await unit.verifications.add(link)
            unit.note(Act(actor=actor, action="identity.impersonate", subject=("user", str(user_id)), reason=reason))
            await unit.commit()
        return token


class EnterImpersonation:
    """At the main entrance. Raises NotFound, LinkUsed, LinkExpired, NotPermitted."""

    def __init__(self, new_unit: NewUnit, clock: Clock, open_session: OpenSession) -> None:
        self._new_unit, self._clock, self._open_session = new_unit, clock, open_session

    async def peek(self, token: str) -> User:
        """Whose eyes they would be; the link stays good."""
        async with self._new_unit() as unit:
            link = await unit.verifications.get(hash_token(token))
            link.require(VerificationPurpose.IMPERSONATION)
            link.use(at=self._clock.now())
            return await unit.users.get(link.user_id)

    async def __call__(self, token: str, *, device: str = "") -> Admitted:
        now = self._clock.now()
        async with self._new_unit() as unit:
            link = await unit.verifications.get(hash_token(token))
            link.require(VerificationPurpose.IMPERSONATION)
            await unit.verifications.save(link.use(at=now))
            staff_id, _, role = (link.address or "").partition(" ")
            staff = await unit.users.get(UserId(UUID(staff_id)))
            acting = Role(role)
            if not staff.may_sign_in or acting not in staff.roles or not _may(acting):
                raise LinkUsed("this link is not good any more")
            user = await unit.users.get(link.user_id)
            require_seen_through(user)
            admitted = await self._open_session.inside(
                unit, user, factors=(Factor.STAFF,), device=device, impersonator=staff.id
            )
            actor = Actor(user_id=staff.id, role=acting, audience=Audience.ADMIN)
            unit.note(
                Act(
                    actor=actor,
                    action="identity.impersonation_begins",
                    subject=("user", str(user.id)),
                    after={"until": admitted.session_expires_at.isoformat()},
                )
            )
            await unit.commit()
        return admitted


class LeaveImpersonation:
    """Before its time. Raises NotPermitted for a session of one's own."""

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, actor: Actor, session_id: SessionId) -> None:
        if actor.impersonator is None:
            raise NotPermitted("you are here as yourself")
        now = self._clock.now()
        async with self._new_unit() as unit:
            session = await unit.sessions.get(session_id)
            await unit.sessions.save(session.end(Ending.SIGNED_OUT, at=now))
            unit.note(end_of_looking(session))
            unit.record(AccessChanged(user_id=actor.user_id, at=now))
            await unit.commit()
        await self._cache.forget(actor.user_id)


class NoteRunOut:
    """Writes down the end of those that nobody ended before their time. How many; it may run at any time, and twice."""

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self) -> int:
        now = self._clock.now()
        async with self._new_unit() as unit:
            over = await unit.sessions.looked_through(until=now, limit=PORTION)
            for session in over:
                await unit.sessions.save(session.end(Ending.RAN_OUT, at=session.expires_at))
                unit.note(end_of_looking(session, Ending.RAN_OUT))
                unit.record(AccessChanged(user_id=session.user_id, at=now))
            await unit.commit()
        for session in over:
            await self._cache.forget(session.user_id)
        return len(over)


def end_of_looking(session: Session, because: Ending = Ending.SIGNED_OUT) -> Act:
    """By the member of staff behind this session."""
    actor = Actor(
        user_id=session.user_id, role=session.role, audience=session.audience, impersonator=session.impersonator
    )
    return Act(
        actor=actor,
        action="identity.impersonation_ends",
        subject=("user", str(session.user_id)),
        after={"because": because.value},
    )


def require_seen_through(user: User) -> None:
    """Raises NotPermitted: staff are not looked through, nor is anybody without a place behind the main entrance."""
    if is_staff(user) or not user.may_sign_in or not any(role in GRANTS[Audience.MAIN] for role in user.roles):
        raise NotPermitted("nobody looks through the eyes of this account")


def _may(role: Role) -> bool:
    return Permission.IMPERSONATE in permissions_of(Audience.ADMIN, role)
