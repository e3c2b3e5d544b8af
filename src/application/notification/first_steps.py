"""The letters of the first weeks: each once, the latest that is due, none after the first lesson. (ONB-06, NOTI-11)"""

from datetime import datetime, timedelta

from application.notification.notify import messages
from application.outbox.one_by_one import each_of
from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.notification.preference import Group
from domain.notification.sequence import GRACE, STEPS, StepDue, StepSent, due_step
from ports.clock import Clock
from ports.notification.queries import Beginner, NotificationQueries, StepRow
from ports.outbox import Wakeup
from ports.unit_of_work import NewUnit

LONGEST = max(step.after for steps in STEPS.values() for step in steps) + GRACE
SOONEST = min(step.after for steps in STEPS.values() for step in steps)
BATCH = 500


class SendFirstSteps:
    """Answers how many letters it queued. The row of the step and the letter share a commit, and the row is unique: a
    second run, or a second worker, adds nothing.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, queries: NotificationQueries, wakeup: Wakeup) -> None:
        self._new_unit, self._clock, self._queries, self._wakeup = new_unit, clock, queries, wakeup

    async def __call__(self) -> int:
        now, queued = self._clock.now(), 0
        after: UserId | None = None

        async def write(beginner: Beginner) -> int:
            return await self._write(beginner, now)

        while beginners := await self._queries.beginners(now - LONGEST, now - SOONEST, after=after, limit=BATCH):
            queued += await each_of(beginners, write)
            after = beginners[-1].user_id
        if queued:
            await self._wakeup.nudge("deliveries")
        return queued

    async def _write(self, beginner: Beginner, now: datetime) -> int:
        step = due_step(beginner.role, beginner.since, frozenset(beginner.done), now)
        if step is None:
            return 0
        async with self._new_unit() as unit:
            if Group.TIPS in (await unit.preferences.of(beginner.user_id)).muted:
                return 0
            if not await unit.steps.add(StepSent(user_id=beginner.user_id, step=step.name, at=now)):
                return 0
            event = StepDue(at=now, user_id=beginner.user_id, step=step.name)
            for delivery in await messages(unit, event, f"step:{step.name}", now, school_copy=False):
                await unit.deliveries.add(delivery.until(now + timedelta(days=1)))
            await unit.commit()
        return 1


class SeeFirstSteps:
    """Which letters somebody has had, and what became of each; for staff. Raises NotPermitted, NotFound."""

    def __init__(self, queries: NotificationQueries) -> None:
        self._queries = queries

    async def __call__(self, actor: Actor, user_id: UserId) -> list[StepRow]:
        actor.require(Permission.SEE_PEOPLE)
        if await self._queries.person(user_id) is None:
            raise NotFound("there is no such account")
        return list(await self._queries.steps_of(user_id))
