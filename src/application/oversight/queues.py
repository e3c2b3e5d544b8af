"""Everything that waits for a person, with its age and its owner; and taking something on. (ADM-03)"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from application.remembered import Remembered, Stamped
from domain.errors import Conflict, NotFound
from domain.identity.actor import Actor
from domain.ids import UserId
from domain.oversight.audit import Act
from domain.oversight.queues import GATES, Queue
from ports.cache import Cache
from ports.clock import Clock
from ports.oversight.queues import QueueItem, QueueLength, QueueQueries
from ports.oversight.repositories import Claim
from ports.paging import Page
from ports.unit_of_work import NewUnit

COUNTED_FOR_S: Final = 30.0


class TakenOn(Conflict):
    """Somebody else has it. ``over`` takes it from him."""

    code = "taken_on"


class CountQueues:
    """Of the queues that the actor may see, in their order, as they were within the last half minute. Raises
    NotPermitted.
    """

    def __init__(self, queue_queries: QueueQueries, clock: Clock, cache: Cache | None = None) -> None:
        self._queries = queue_queries
        self._lengths = Remembered(cache, clock, dict[Queue, QueueLength], name="queues", for_s=COUNTED_FOR_S)

    async def __call__(self, actor: Actor) -> Stamped[Mapping[Queue, QueueLength]]:
        found = await self._lengths.of(self._count)
        seen = {queue: found.value[queue] for queue, gate in GATES.items() if actor.may(gate.see)}
        return Stamped(found.at, seen)

    async def _count(self, now: datetime) -> dict[Queue, QueueLength]:
        return dict(await self._queries.lengths(now))


class ListQueue:
    """Oldest first. Raises NotPermitted, BadCursor."""

    def __init__(self, queue_queries: QueueQueries, clock: Clock) -> None:
        self._queries, self._clock = queue_queries, clock

    async def __call__(
        self, actor: Actor, queue: Queue, *, cursor: str | None = None, limit: int = 50
    ) -> Page[QueueItem]:
        actor.require(GATES[queue].see)
        return await self._queries.items(queue, now=self._clock.now(), cursor=cursor, limit=limit)


class ClaimItem:
    """Answers for it from now on. An application has owners of its own (``ClaimApplication``). Raises NotPermitted,
    NotFound, TakenOn unless ``over``.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, queue_queries: QueueQueries) -> None:
        self._new_unit, self._clock, self._queries = new_unit, clock, queue_queries

    async def __call__(self, actor: Actor, queue: Queue, item: str, *, over: bool = False) -> None:
        actor.require(GATES[queue].settle)
        now = self._clock.now()
        if queue is Queue.APPLICATIONS or not await self._queries.waits(queue, item, now=now):
            raise NotFound("nothing of that name waits here")
        async with self._new_unit() as unit:
            before = await unit.claims.find(queue.value, item)
            if before is not None and before.owner_id == actor.user_id:
                return
            if before is not None and not over:
                raise TakenOn("somebody else has taken this on", owner=str(before.owner_id))
            await unit.claims.put(Claim(queue=queue.value, item=item, owner_id=actor.user_id, claimed_at=now))
            unit.note(_act(actor, "oversight.claim", queue, item, before, actor.user_id))
            await unit.commit()


class ReleaseItem:
    """Back to nobody. Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, queue: Queue, item: str) -> None:
        actor.require(GATES[queue].settle)
        async with self._new_unit() as unit:
            before = await unit.claims.find(queue.value, item)
            if before is None:
                return
            await unit.claims.remove(queue.value, item)
            unit.note(_act(actor, "oversight.release", queue, item, before, None))
            await unit.commit()


def _act(actor: Actor, action: str, queue: Queue, item: str, before: Claim | None, owner: UserId | None) -> Act:
    return Act(
        actor=actor,
        action=action,
        subject=(f"queue_{queue.value}", item),
        before={"owner": str(before.owner_id) if before is not None else None},
        after={"owner": str(owner) if owner is not None else None},
    )
