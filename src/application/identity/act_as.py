"""One person, several roles, one of them at a time: taking off one hat and putting on another. (ID-19)"""

from domain.errors import NotPermitted
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged
from domain.identity.permission import Permission, Role
from domain.identity.user import User
from domain.ids import SessionId
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit


class ActAs:
    """For the session at hand alone. Raises NotPermitted, NotFound."""

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, actor: Actor, session_id: SessionId, role: Role) -> User:
        actor.require(Permission.SIGNED_IN)
        now = self._clock.now()
        async with self._new_unit() as unit:
            session = await unit.sessions.get(session_id)
            user = await unit.users.get(actor.user_id)
            if session.user_id != actor.user_id or session.impersonator is not None:
                raise NotPermitted("this session is not yours to change")
            changed = session.act_as(role, held=user.roles)
            if changed != session:
                await unit.sessions.save(changed)
                unit.note(
                    Act(
                        actor=actor,
                        action="identity.act_as",
                        subject=("user", str(user.id)),
                        before={"role": session.role.value},
                        after={"role": role.value},
                    )
                )
                unit.record(AccessChanged(user_id=user.id, at=now))
            await unit.commit()
        await self._cache.forget(actor.user_id)
        return user
