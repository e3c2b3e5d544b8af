"""Group classes begin and end by themselves, and each time of them is reminded of. (LIVE-13, BOOK-07)"""

from datetime import timedelta
from typing import Final

from application.notification.notify import messages
from application.notification.remind import LEADS, TOLERANCE
from domain.errors import StaleWrite
from domain.scheduling.class_events import OccurrenceDue
from domain.scheduling.group_class import Status
from domain.time import TimeSlot
from ports.clock import Clock
from ports.outbox import Wakeup
from ports.unit_of_work import NewUnit

MOST: Final = 200


class TendClasses:
    """Answers how many messages it queued. The key holds the start, so that a moved class is reminded of anew and a
    second run adds nothing.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, wakeup: Wakeup) -> None:
        self._new_unit, self._clock, self._wakeup = new_unit, clock, wakeup

    async def __call__(self) -> int:
        await self._advance()
        now, queued = self._clock.now(), 0
        for lead in LEADS:
            tick = timedelta(microseconds=1)
            queued += await self._remind(lead, TimeSlot(now + lead - TOLERANCE + tick, now + lead + tick))
        if queued:
            await self._wakeup.nudge("deliveries")
        return queued

    async def _advance(self) -> None:
        now = self._clock.now()
        async with self._new_unit() as unit:
            waiting = await unit.classes.to_advance(now, MOST)
        for class_id in waiting:
            async with self._new_unit() as unit:
                it = await unit.classes.get(class_id)
                left = [each for each in await unit.classes.occurrences(class_id) if each.stands]
                if not any(each.slot.end > now for each in left):
                    it = it.end() if it.stands else it
                elif it.status is Status.OPEN and left[0].slot.start <= now:
                    it = it.begin()
                else:
                    continue
                try:
                    await unit.classes.save(it)
                    await unit.commit()
                except StaleWrite:
                    continue  # somebody changed it a moment ago: next time

    async def _remind(self, lead: timedelta, due: TimeSlot) -> int:
        lead_min, now, queued = int(lead.total_seconds() // 60), self._clock.now(), 0
        async with self._new_unit() as unit:
            for occurrence in await unit.classes.starting(due):
                it = await unit.classes.get(occurrence.class_id)
                members = await unit.classes.members(it.id)
                start = occurrence.slot.start
                event = OccurrenceDue(
                    class_id=it.id,
                    lesson_id=occurrence.lesson_id,
                    qari_id=it.qari_id,
                    learner_ids=tuple(member.learner_id for member in members),
                    title=it.title,
                    starts_at=start,
                    ends_at=occurrence.slot.end,
                    lead_min=lead_min,
                    at=now,
                )
                cause = f"due:{occurrence.id}:{start.isoformat()}:{lead_min}"
                for delivery in await messages(unit, event, cause, now, school_copy=False):
                    queued += await unit.deliveries.add(delivery.until(start - lead + TOLERANCE))
            await unit.commit()
        return queued
