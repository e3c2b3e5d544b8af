"""When the school begins to ask for a second factor, open sessions feel it: those that were begun without one end, and
whoever had them signs in again and sets one up. (ID-10)
"""

from typing import Final

from domain.events import Event
from domain.identity.events import AccessChanged
from domain.identity.permission import GRANTS, Audience
from domain.identity.security_policy import SECURITY_POLICY, read_security
from domain.ids import EventId, UserId
from domain.oversight.events import SettingsChanged
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit

END_WEAK_SESSIONS: Final = "identity.end_weak_sessions"


class EndWeakSessions:
    """Looks at the rules of now, whichever change it hears of, so that it may run late and twice."""

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, event_id: EventId, event: Event) -> None:
        del event_id
        if not isinstance(event, SettingsChanged) or event.kind != SECURITY_POLICY:
            return
        now = self._clock.now()
        people: set[UserId] = set()
        async with self._new_unit() as unit:
            policy = read_security(await unit.policies.current(SECURITY_POLICY, now))
            for audience in Audience:
                if roles := set(policy.second_factor_roles) & set(GRANTS[audience]):
                    people |= set(await unit.sessions.end_weak(roles, audience, at=now))
            for user_id in sorted(people):
                unit.record(AccessChanged(user_id=user_id, at=now))
            await unit.commit()
        for user_id in people:
            await self._cache.forget(user_id)
