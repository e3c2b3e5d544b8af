"""Promotion and demotion. Live sessions feel it on their next request. (ID-09)"""

from collections.abc import Collection

import msgspec

from domain.identity.account import require_another_owner, require_grantable, require_reason
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged
from domain.identity.permission import Permission, Role
from domain.identity.user import User
from domain.ids import UserId
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit


class ChangeRolesCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``roles``: all that the account has from now on."""

    user_id: UserId
    roles: Collection[Role]
    reason: str


class ChangeRoles:
    """Raises NotPermitted, NotFound, Invalid without a role or a reason, LastOwner, StaleWrite. The same roles again
    change nothing.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, actor: Actor, command: ChangeRolesCommand) -> User:
        actor.require(Permission.MANAGE_ROLES)
        reason, roles, now = require_reason(command.reason), frozenset(command.roles), self._clock.now()
        async with self._new_unit() as unit:
            user = await unit.users.get(command.user_id)
            require_grantable(actor, user, roles)
            if roles == user.roles:
                return user
            if Role.OWNER in user.roles - roles:
                require_another_owner(user, await unit.users.holders(Role.OWNER))
            changed, event = user.with_roles(roles, at=now)
            await unit.users.save(changed)
            unit.record(event, AccessChanged(user_id=user.id, at=now))
            unit.note(
                Act(
                    actor=actor,
                    action="identity.change_roles",
                    subject=("user", str(user.id)),
                    before={"roles": sorted(user.roles)},
                    after={"roles": sorted(roles)},
                    reason=reason,
                )
            )
            await unit.commit()
        await self._cache.forget(user.id)
        return changed
