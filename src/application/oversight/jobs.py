"""Whether the machinery turns, and setting going again what got stuck. (OPS-14, NOTI-13)"""

from collections.abc import Sequence

import msgspec

from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import DeliveryId, EventId
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.jobs import JobBoard, JobState
from ports.outbox import Wakeup
from ports.oversight.queries import Backlog, DeadTask, OversightQueries
from ports.paging import Page
from ports.unit_of_work import NewUnit


class JobHealth(msgspec.Struct, frozen=True, kw_only=True):
    jobs: Sequence[JobState]
    backlogs: Sequence[Backlog]


class ShowJobHealth:
    def __init__(self, clock: Clock, job_board: JobBoard, queries: OversightQueries) -> None:
        self._clock, self._board, self._queries = clock, job_board, queries

    async def __call__(self, actor: Actor) -> JobHealth:
        actor.require(Permission.SEE_JOBS)
        return JobHealth(jobs=await self._board.states(), backlogs=await self._queries.backlogs(self._clock.now()))


class ListDeadTasks:
    def __init__(self, queries: OversightQueries) -> None:
        self._queries = queries

    async def __call__(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Page[DeadTask]:
        actor.require(Permission.SEE_JOBS)
        return await self._queries.dead_tasks(cursor=cursor, limit=limit)


class ReviveTask:
    """A dead task gets all its tries again. Raises NotFound unless it is dead."""

    def __init__(self, new_unit: NewUnit, clock: Clock, wakeup: Wakeup) -> None:
        self._new_unit, self._clock, self._wakeup = new_unit, clock, wakeup

    async def __call__(self, actor: Actor, event_id: EventId, subscriber: str) -> None:
        actor.require(Permission.REPLAY_WEBHOOKS)
        async with self._new_unit() as unit:
            await unit.outbox.revive(event_id, subscriber, at=self._clock.now())
            unit.note(Act(actor=actor, action="oversight.revive_task", subject=("task", f"{event_id}/{subscriber}")))
            await unit.commit()
        await self._wakeup.nudge("outbox")


class ReviveDelivery:
    """Raises NotFound, IllegalTransition unless it is dead."""

    def __init__(self, new_unit: NewUnit, clock: Clock, wakeup: Wakeup) -> None:
        self._new_unit, self._clock, self._wakeup = new_unit, clock, wakeup

    async def __call__(self, actor: Actor, delivery_id: DeliveryId) -> None:
        actor.require(Permission.REPLAY_WEBHOOKS)
        async with self._new_unit() as unit:
            delivery = await unit.deliveries.get(delivery_id)
            await unit.deliveries.save(delivery.revive(at=self._clock.now()))
            unit.note(Act(actor=actor, action="oversight.revive_message", subject=("message", str(delivery_id))))
            await unit.commit()
        await self._wakeup.nudge("deliveries")
