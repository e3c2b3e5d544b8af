"""Letting somebody in again. (ID-11)"""

from domain.errors import Conflict
from domain.identity.account import require_above, require_reason
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged
from domain.identity.permission import Permission
from domain.identity.user import User
from domain.ids import UserId
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit


class Erased(Conflict):
    """There is nobody left to be let in."""

    code = "erased"


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
            await unit.users.save(active)
            unit.record(event, AccessChanged(user_id=user_id, at=now))
            unit.note(
                Act(
                    actor=actor,
                    action="identity.unblock",
                    subject=("user", str(user_id)),
                    before={"status": user.status.value},
                    after={"status": active.status.value},
                    reason=reason,
                )
            )
            await unit.commit()
        await self._cache.forget(user_id)
        return active
