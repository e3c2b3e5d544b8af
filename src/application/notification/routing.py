"""Who reads what is meant for a child: those who answer for it. (NOTI-14)"""

from collections.abc import Iterable, Mapping

from domain.identity.guardianship import Right
from domain.ids import UserId
from ports.unit_of_work import UnitOfWork

Routes = Mapping[UserId, frozenset[UserId]]
"""From somebody to those who are told in his stead; he himself where he is not in it."""


async def routes_of(unit: UnitOfWork, people: Iterable[UserId | None]) -> Routes:
    """A child's guardians who may see its lessons, and the child as well where it has an address of its own."""
    routes = {}
    for person in {person for person in people if person is not None}:
        guardians = {
            guardianship.guardian_id
            for guardianship in await unit.guardianships.of_child(person)
            if guardianship.gives(Right.SEE)
        }
        if guardians:
            child = await unit.users.get(person)
            routes[person] = frozenset(guardians | ({person} if child.email else set()))
    return routes
