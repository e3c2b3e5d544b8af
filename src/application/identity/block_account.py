"""Shutting somebody out, at once and everywhere, and letting him in again. (ID-11)"""

from typing import Final

from domain.errors import Conflict
from domain.events import Event
from domain.identity.account import require_above, require_another_owner, require_reason
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged
from domain.identity.permission import Permission, Role
from domain.identity.session import Ending, VerificationPurpose
from domain.identity.user import User
from domain.ids import UserId
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit, UnitOfWork

OPENING: Final[tuple[VerificationPurpose, ...]] = (
    VerificationPurpose.PASSWORD_RESET,
    VerificationPurpose.INVITE,
    VerificationPurpose.NEW_EMAIL,
    VerificationPurpose.IMPERSONATION,
)
"""Links that let somebody in, or would move the account to another mailbox."""


class Erased(Conflict):
    """There is nobody left to be let in."""

    code = "erased"


class BlockAccount:
    """Ends all sessions; lessons and money stay as they are. Raises NotPermitted, NotFound, Invalid without a reason,
    LastOwner, IllegalTransition, StaleWrite.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, actor: Actor, user_id: UserId, reason: str) -> User:
        actor.require(Permission.MANAGE_PEOPLE)
        reason, now = require_reason(reason), self._clock.now()
        async with self._new_unit() as unit:
            user = await unit.users.get(user_id)
            require_above(actor, user)
            if Role.OWNER in user.roles:
                require_another_owner(user, await unit.users.holders(Role.OWNER))
            blocked, event = user.block(at=now)
            await unit.sessions.end_all(user_id, because=Ending.BLOCKED, at=now)
            await unit.verifications.void(user_id, OPENING, at=now)
            unit.record(AccessChanged(user_id=user_id, at=now))
            await _changed(unit, actor, "identity.block", user, blocked, event, reason)
        await self._cache.forget(user_id)
        return blocked


class UnblockAccount:
    """His sessions have ended: he signs in anew. Raises NotPermitted, NotFound, Invalid without a reason, Erased,
    IllegalTransition, StaleWrite.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, actor: Actor, user_id: UserId, reason: str) -> User:
        actor.require(Permission.MANAGE_PEOPLE)
        reason, now = require_reason(reason), self._clock.now()
        async with self._new_unit() as unit:
            user = await unit.users.get(user_id)
            require_above(actor, user)
            if await unit.erasures.was_erased(user_id):
                raise Erased("this account was erased for good")
            active, event = user.unblock(at=now)
            unit.record(AccessChanged(user_id=user_id, at=now))
            await _changed(unit, actor, "identity.unblock", user, active, event, reason)
        await self._cache.forget(user_id)
        return active


async def _changed(
    unit: UnitOfWork, actor: Actor, action: str, before: User, after: User, event: Event, reason: str
) -> None:
    await unit.users.save(after)
    unit.record(event)
    unit.note(
        Act(
            actor=actor,
            action=action,
            subject=("user", str(after.id)),
            before={"status": before.status.value},
            after={"status": after.status.value},
            reason=reason,
        )
    )
    await unit.commit()
