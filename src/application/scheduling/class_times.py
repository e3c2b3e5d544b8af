"""What comes next of the group classes that somebody teaches, learns in, or has a child in. (LIVE-13)"""

from collections.abc import Sequence

from domain.identity.actor import Actor
from domain.identity.guardianship import Right
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.time import TimeSlot
from ports.identity.guardians import GuardianQueries
from ports.scheduling.class_queries import ClassQueries, ClassTime


class SeeClassTimes:
    """Those that stand and touch the window, in the role in which the actor acts; ``learner_id`` keeps to one of his
    own. Raises NotPermitted.
    """

    def __init__(self, class_queries: ClassQueries, guardian_queries: GuardianQueries) -> None:
        self._queries, self._guardians = class_queries, guardian_queries

    async def __call__(
        self, actor: Actor, window: TimeSlot, *, learner_id: UserId | None = None
    ) -> Sequence[ClassTime]:
        actor.require(Permission.SEE_OWN_BOOKINGS)
        people = [actor.user_id]
        if actor.learns and actor.may(Permission.MANAGE_CHILDREN):
            people += await self._guardians.children_seen_by(actor.user_id, Right.SEE)
        if learner_id is not None:
            people = [person for person in people if person == learner_id]
        found = await self._queries.times_of(people, window)
        return [
            each
            for each in found
            if each.stands and (each.qari_id == actor.user_id if actor.teaches else each.learners)
        ]
