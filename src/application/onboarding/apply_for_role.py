"""Somebody with an account applies for another role: a student who wants to teach. (ONB-02)"""

from domain.errors import Conflict, Invalid
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged
from domain.identity.permission import Permission, Role
from domain.identity.user import SELF_CHOSEN, Onboarding, User
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit


class ApplyForRole:
    """The role is his from now on; what is gated in it opens with the approval. Raises NotPermitted, Invalid, Conflict
    for a role he has.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, session_cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, session_cache

    async def __call__(self, actor: Actor, role: Role) -> User:
        actor.require(Permission.APPLY)
        if role not in SELF_CHOSEN:
            raise Invalid("nobody applies for this role", field="role")
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
            if role in user.roles:
                raise Conflict("this account has that role already")
            user = user.with_onboarding(role, Onboarding.DRAFT)
            await unit.users.save(user)
            unit.record(AccessChanged(user_id=user.id, at=self._clock.now()))
            await unit.commit()
        await self._cache.forget(user.id)
        return user
