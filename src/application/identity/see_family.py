"""What a guardian sees of the children, and whoever is asked to answer for one of the question. (SAFE-06)"""

from collections.abc import Sequence

import msgspec

from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.guardianship import GuardianshipStatus
from domain.identity.permission import Permission
from domain.ids import UserId
from ports.identity.guardians import GuardianQueries, GuardianView, WardView
from ports.unit_of_work import NewUnit


class SeeChildren:
    """Those he answers for or is asked to answer for, by name. Raises NotPermitted."""

    def __init__(self, guardian_queries: GuardianQueries) -> None:
        self._queries = guardian_queries

    async def __call__(self, actor: Actor) -> Sequence[WardView]:
        actor.require(Permission.SEE_OWN_BOOKINGS)
        return await self._queries.wards(actor.user_id)


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """``guardians`` are those who have accepted: who was asked stays between him and us."""

    ward: WardView
    guardians: Sequence[GuardianView]


class SeeChild:
    """Raises NotPermitted, NotFound."""

    def __init__(self, guardian_queries: GuardianQueries) -> None:
        self._queries = guardian_queries

    async def __call__(self, actor: Actor, child_id: UserId) -> Child:
        actor.require(Permission.SEE_OWN_BOOKINGS)
        ward = await self._queries.ward(actor.user_id, child_id)
        if ward is None or ward.status is not GuardianshipStatus.ACTIVE:
            raise NotFound("there is no such child")
        return Child(ward=ward, guardians=_accepted(await self._queries.guardians(child_id)))


class SeeGuardians:
    """One's own, for a minor with an account; of anybody, for staff. Raises NotPermitted, NotFound."""

    def __init__(self, new_unit: NewUnit, guardian_queries: GuardianQueries) -> None:
        self._new_unit, self._queries = new_unit, guardian_queries

    async def __call__(self, actor: Actor, child_id: UserId | None = None) -> Sequence[GuardianView]:
        if actor.is_staff:
            actor.require(Permission.SEE_PEOPLE)
            child_id = child_id or actor.user_id
            async with self._new_unit() as unit:
                await unit.users.get(child_id)
            return await self._queries.guardians(child_id)
        actor.require(Permission.SEE_OWN_BOOKINGS)
        return _accepted(await self._queries.guardians(actor.user_id))


def _accepted(guardians: Sequence[GuardianView]) -> Sequence[GuardianView]:
    return [each for each in guardians if each.status is GuardianshipStatus.ACTIVE]
