"""Is there room for a lesson? The questions that holding, moving and approving have in common."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from domain.booking.booking import Booking
from domain.booking.errors import LearnerBusy, SlotTaken, SlotUnavailable
from domain.booking.policy import BOOKING_POLICY, Versioned, read_policy
from domain.errors import Conflict
from domain.ids import BookingId, UserId
from domain.scheduling.calendar import Calendar
from domain.scheduling.slots import Busy, Reason, WhyNot, free_starts, why_not
from domain.scheduling.wall_clock import moment_of
from domain.time import TimeSlot
from ports.unit_of_work import UnitOfWork

BUSY: Final = frozenset({Reason.TAKEN, Reason.TOO_CLOSE})
LOOK_AHEAD: Final = (timedelta(days=2), timedelta(days=14))
"""Mostly there is something soon; who has nothing is asked about two weeks."""
ALTERNATIVES: Final = 3


async def current_policy(unit: UnitOfWork, now: datetime) -> Versioned:
    return read_policy(await unit.policies.current(BOOKING_POLICY, now))


async def policy_of(unit: UnitOfWork, booking: Booking) -> Versioned:
    """The one the lesson was booked under, whatever has been decided since."""
    return read_policy(await unit.policies.version(BOOKING_POLICY, booking.policy_version))


async def calendar_of(unit: UnitOfWork, qari_id: UserId) -> Calendar:
    """Lessons are counted one learner at a time where the Qari caps them: else two could both be the last one."""
    calendar = await unit.availability.get(qari_id)
    if calendar.limits.daily_cap is not None or calendar.limits.weekly_cap is not None:
        await unit.bookings.lock_qari(qari_id)
    return calendar


def obstacle(calendar: Calendar, busy: Sequence[Busy], slot: TimeSlot, now: datetime, *, own_hours: bool) -> str | None:
    """A word of the slot engine, or None. With ``own_hours`` False (the Qari or staff ask) published hours, notice and
    caps do not count, nor what he has in other calendars; other lessons do.
    """
    if own_hours:
        found = why_not(calendar, busy, slot, now)
        return None if found is None else found.reason.value
    lesson = Busy.lesson(slot, before_min=calendar.limits.buffer_before_min, after_min=calendar.limits.buffer_after_min)
    lessons = (taken for taken in busy if taken.lesson_min is not None)
    if any(lesson.start_min < taken.end_min and taken.start_min < lesson.end_min for taken in lessons):
        return Reason.TAKEN.value
    return None


async def require_room(
    unit: UnitOfWork,
    calendar: Calendar,
    slot: TimeSlot,
    now: datetime,
) -> None:
    """Raises SlotTaken or SlotUnavailable, with the next free slots."""
    found = why_not(calendar, await unit.availability.around(calendar.qari_id, slot), slot, now)
    if found is not None:
        raise await refusal(unit, calendar, slot, now, found)


async def refusal(
    unit: UnitOfWork, calendar: Calendar, slot: TimeSlot, now: datetime, found: WhyNot | None = None
) -> Conflict:
    """For somebody who did not get the slot: why, and where to go instead. None: a rival was faster."""
    alternatives = await next_free(unit, calendar, slot, now)
    if found is None or found.reason in BUSY:
        return SlotTaken("This time has just been taken.", reason="taken", next_free=alternatives)
    return SlotUnavailable(found.sentence, reason=found.reason.value, next_free=alternatives)


async def next_free(unit: UnitOfWork, calendar: Calendar, slot: TimeSlot, now: datetime) -> list[str]:
    """The starts of the next slots of that length, from the wanted one on, ISO 8601."""
    found = list[int]()
    for ahead in LOOK_AHEAD:
        window = _ahead(slot, now, ahead)
        await unit.foresee_refusal(calendar.qari_id, window)
        busy = await unit.availability.busy(calendar.qari_id, window)
        found = list(islice(free_starts(calendar, busy, window, slot.minutes, now), ALTERNATIVES))
        if len(found) == ALTERNATIVES:
            break
    return [moment_of(start).isoformat() for start in found]


def soon(slot: TimeSlot, now: datetime) -> TimeSlot:
    """Where another time is looked for first."""
    return _ahead(slot, now, LOOK_AHEAD[0])


def _ahead(slot: TimeSlot, now: datetime, how_long: timedelta) -> TimeSlot:
    since = max(slot.start, now)
    return TimeSlot(since, since + how_long)


async def learner_busy(
    unit: UnitOfWork, learner_id: UserId, window: TimeSlot, without: Sequence[BookingId] = ()
) -> Sequence[TimeSlot]:
    """When the learner has lessons of his own, and classes with others. (LIVE-13)"""
    lessons = await unit.bookings.busy_of_learner(learner_id, window)
    classes = await unit.classes.busy_of_learner(learner_id, window)
    return [other.slot for other in lessons if other.id not in without] + [each.slot for each in classes]


async def require_learner_free(
    unit: UnitOfWork, learner_id: UserId, slot: TimeSlot, without: Sequence[BookingId] = ()
) -> None:
    """Raises LearnerBusy."""
    for taken in await learner_busy(unit, learner_id, slot, without):
        raise LearnerBusy("There is another lesson at that time.", starts_at=taken.start.isoformat())
