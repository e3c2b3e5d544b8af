"""Name, time zone, telephone and country of one's own account."""

import msgspec

from domain.identity.actor import Actor
from domain.identity.events import AccessChanged
from domain.identity.permission import Permission
from domain.identity.user import User
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit


class SeeAccount:
    """The whole account, for its owner's eyes. Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor) -> User:
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            return await unit.users.get(actor.user_id)


class UpdateProfileCommand(msgspec.Struct, frozen=True, kw_only=True):
    """Without a ``country`` it stays as it is."""

    name: str
    zone: str
    phone: str | None = None
    country: str | None = None


class UpdateProfile:
    """Raises NotPermitted, Invalid, UnknownZone, StaleWrite."""

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, actor: Actor, command: UpdateProfileCommand) -> User:
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
            changed = user.with_profile(
                name=command.name, zone=command.zone, phone=command.phone, country=command.country
            )
            await unit.users.save(changed)
            unit.record(AccessChanged(user_id=user.id, at=self._clock.now()))
            await unit.commit()
        await self._cache.forget(user.id)
        return changed
