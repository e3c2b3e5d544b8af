"""Reminders a day and an hour before a lesson: each once, inside its window, never late. (BOOK-07, OPS-14)"""

from datetime import timedelta
from typing import Final

from application.notification.notify import messages
from domain.notification.events import LessonDue
from domain.time import TimeSlot
from ports.clock import Clock
from ports.notification.queries import NotificationQueries
from ports.outbox import Wakeup
from ports.unit_of_work import NewUnit

LEADS: Final = (timedelta(hours=24), timedelta(hours=1))
TOLERANCE: Final = timedelta(minutes=20)
"""A reminder that is later than this does not go out: after an outage nobody gets yesterday's news."""


class SendReminders:
    """Answers how many messages it queued. The key has the lesson's start in it, so a moved lesson is reminded of anew
    and a second run, or a second worker, adds nothing.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, queries: NotificationQueries, wakeup: Wakeup) -> None:
        self._new_unit, self._clock, self._queries, self._wakeup = new_unit, clock, queries, wakeup

    async def __call__(self) -> int:
        now = self._clock.now()
        queued = 0
        for lead in LEADS:
            # due at start - lead, and until TOLERANCE after that
            due = TimeSlot(now + lead - TOLERANCE + timedelta(microseconds=1), now + lead + timedelta(microseconds=1))
            queued += await self._queue(lead, due)
        if queued:
            await self._wakeup.nudge("deliveries")
        return queued

    async def _queue(self, lead: timedelta, due: TimeSlot) -> int:
        lessons = await self._queries.starting(due)
        if not lessons:
            return 0
        lead_min, now, queued = int(lead.total_seconds() // 60), self._clock.now(), 0
        async with self._new_unit() as unit:
            for lesson in lessons:
                event = LessonDue(
                    at=now,
                    booking_id=lesson.booking_id,
                    learner_id=lesson.learner.user_id,
                    payer_id=lesson.payer_id,
                    qari_id=lesson.qari.user_id,
                    starts_at=lesson.starts_at,
                    ends_at=lesson.ends_at,
                    lead_min=lead_min,
                )
                cause = f"due:{lesson.booking_id}:{lesson.starts_at.isoformat()}:{lead_min}"
                for delivery in await messages(unit, event, cause, now, school_copy=False):
                    late = lesson.starts_at - lead + TOLERANCE
                    queued += await unit.deliveries.add(delivery.until(late))
            await unit.commit()
        return queued
