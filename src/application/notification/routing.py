"""Who reads what is meant for a child: those who answer for it. (NOTI-14)"""

from collections.abc import Callable, Collection, Iterable, Mapping

from domain.identity.guardianship import Right
from domain.ids import UserId
from domain.notification.delivery import Channel
from domain.notification.push import PUSHED
from domain.notification.topic import Topic
from ports.unit_of_work import UnitOfWork

Routes = Mapping[UserId, frozenset[UserId]]
"""From somebody to those who are told in his stead; he himself where he is not in it."""


Ways = Callable[[UserId | None, Topic], tuple[Channel, ...]]
"""How somebody is told of something; None is the school."""


def by_mail(reader: UserId | None, topic: Topic) -> tuple[Channel, ...]:
    del reader, topic
    return (Channel.EMAIL,)


async def ways_of(unit: UnitOfWork, readers: Collection[UserId]) -> Ways:
    """What they have chosen, as far as it can be done. (NOTI-02)"""
    if not readers:
        return by_mail
    wishes = await unit.preferences.of_all(readers)
    wanting = [reader for reader in readers if wishes[reader].by_whatsapp]
    reachable = await unit.contacts.reachable(wanting) if wanting else frozenset[UserId]()
    watching = await unit.browsers.owners_among(readers)

    def ways(reader: UserId | None, topic: Topic) -> tuple[Channel, ...]:
        if reader is None or reader not in wishes:
            return (Channel.EMAIL,)
        shown = (Channel.PUSH,) if reader in watching and topic in PUSHED else ()
        return (*wishes[reader].ways(topic, on_whatsapp=reader in reachable), *shown)

    return ways


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
