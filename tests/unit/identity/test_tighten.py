"""A school that begins to ask for a second factor asks those, too, who are in already. (ID-10)"""

from typing import Any
from uuid import UUID

from application.identity.tighten import EndWeakSessions
from domain.booking.policy import BOOKING_POLICY
from domain.identity.permission import Audience, Role
from domain.identity.security_policy import SECURITY_POLICY, SecurityPolicy
from domain.identity.session import Ending, Factor, Session
from domain.ids import EventId, SessionId
from domain.oversight.events import SettingsChanged
from fakes.clock import FixedClock
from fakes.identity import MemorySessionCache, a_user
from fakes.unit import MemoryStore
from support.family import put_policy
from support.units import memory_units

EVENT = EventId(UUID(int=1))


async def test_only_who_is_in_with_less_than_the_school_asks_for_is_out(clock: FixedClock) -> None:
    store, cache = MemoryStore(), MemorySessionCache()
    units = memory_units(store)
    end_weak_sessions = EndWeakSessions(units, clock, cache)
    finance = a_user(number=1, roles=frozenset({Role.FINANCE}))
    student = a_user(number=2)

    def session(number: int, **given: Any) -> Session:
        fields: dict[str, Any] = {"audience": Audience.ADMIN, "role": Role.FINANCE, "at": clock.now()} | given
        user_id = fields.pop("user_id", finance.id)
        return Session.open(SessionId(UUID(int=number)), user_id, **fields)[0]

    weak, strong = session(1), session(2, factors=(Factor.PASSKEY,))
    other = session(3, user_id=student.id, audience=Audience.MAIN, role=Role.STUDENT)
    async with units() as unit:
        for user in (finance, student):
            await unit.users.add(user)
        for each in (weak, strong, other):
            await unit.sessions.add(each, [])
        await unit.commit()

    async def ended() -> dict[SessionId, Ending | None]:
        found = store.shelf("sessions")
        return {each.id: found[each.id].ended_because for each in (weak, strong, other)}

    changed = SettingsChanged(kind=SECURITY_POLICY, version=1, at=clock.now())
    await end_weak_sessions(EVENT, changed)
    assert set((await ended()).values()) == {None}

    await put_policy(units, SECURITY_POLICY, SecurityPolicy(second_factor_roles=(Role.FINANCE,)))
    await end_weak_sessions(EVENT, SettingsChanged(kind=BOOKING_POLICY, version=1, at=clock.now()))
    assert set((await ended()).values()) == {None}

    await end_weak_sessions(EVENT, changed)
    await end_weak_sessions(EVENT, changed)
    assert await ended() == {weak.id: Ending.WEAK, strong.id: None, other.id: None}
    assert cache.forgotten == [finance.id]
