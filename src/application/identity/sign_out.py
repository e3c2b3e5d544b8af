"""Ends sessions: the one at hand, that of another device, or all of them. (ID-18)"""

from application.identity.impersonate import end_of_looking
from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged
from domain.identity.permission import Permission
from domain.identity.session import Ending
from domain.ids import SessionId
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit


class SignOut:
    """Ending a session that is gone already changes nothing."""

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, session_id: SessionId) -> None:
        now = self._clock.now()
        async with self._new_unit() as unit:
            try:
                session = await unit.sessions.get(session_id)
            except NotFound:
                return
            await unit.sessions.save(session.end(Ending.SIGNED_OUT, at=now))
            if session.impersonator is not None and session.ended_at is None:
                unit.note(end_of_looking(session))
            unit.record(AccessChanged(user_id=session.user_id, at=now))
            await unit.commit()
        await self._cache.forget(session.user_id)


class RemoveDevice:
    """Raises NotFound for a session that is not the actor's own."""

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, actor: Actor, session_id: SessionId) -> None:
        actor.require(Permission.SIGNED_IN)
        now = self._clock.now()
        async with self._new_unit() as unit:
            session = await unit.sessions.get(session_id)
            if session.user_id != actor.user_id or session.impersonator is not None:
                raise NotFound("there is no such session")
            await unit.sessions.save(session.end(Ending.REMOVED, at=now))
            unit.record(AccessChanged(user_id=actor.user_id, at=now))
            await unit.commit()
        await self._cache.forget(actor.user_id)


class SignOutEverywhere:
    """How many sessions that ended. ``but``: the one that may go on."""

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, actor: Actor, *, but: SessionId | None = None) -> int:
        actor.require(Permission.SIGNED_IN)
        now = self._clock.now()
        async with self._new_unit() as unit:
            ended = await unit.sessions.end_all(actor.user_id, because=Ending.EVERYWHERE, at=now, but=but)
            unit.record(AccessChanged(user_id=actor.user_id, at=now))
            await unit.commit()
        await self._cache.forget(actor.user_id)
        return ended
