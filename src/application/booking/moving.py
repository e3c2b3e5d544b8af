"""How a lesson, or a series from it on, moves to another time. Nothing is paid again. (BOOK-09, BOOK-12)"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from application.booking.places import BUSY, learner_busy, next_free, obstacle, policy_of
from application.booking.rules import require_booking_match
from application.booking.scopes import in_scope
from domain.booking.booking import Booking, Status
from domain.booking.errors import LearnerBusy, LessonStarted, SlotTaken, SlotUnavailable
from domain.booking.policy import moves_freely
from domain.booking.series import Scope, shifted
from domain.errors import IllegalTransition, Invalid
from domain.identity.actor import Party
from domain.scheduling.calendar import Calendar
from domain.scheduling.slots import Busy
from domain.time import TimeSlot
from ports.unit_of_work import UnitOfWork


class Move(msgspec.Struct, frozen=True, kw_only=True):
    booking: Booking
    to: TimeSlot


class MovePlan(msgspec.Struct, frozen=True, kw_only=True):
    """``needs_consent``: outside the policy, so the other side has to agree first."""

    by: Party
    scope: Scope
    moves: tuple[Move, ...]
    needs_consent: bool
    override_reason: str = ""


async def plan_move(
    unit: UnitOfWork,
    booking: Booking,
    to: datetime,
    scope: Scope,
    by: Party,
    now: datetime,
    *,
    agreed: bool = False,
    override_reason: str = "",
) -> MovePlan:
    """Every lesson in scope that has not started moves alike. ``agreed``: the other side has said yes.
    ``override_reason``: staff answer for a match that is against the rules; all that moves carries it from then on.

    Raises IllegalTransition, LessonStarted, Invalid, and SlotTaken, SlotUnavailable or LearnerBusy for the first
    lesson that does not fit; and what ``require_match`` raises.
    """
    if booking.status is not Status.CONFIRMED:
        raise IllegalTransition("booking", booking.status, "rescheduled")
    if booking.slot.start <= now:
        raise LessonStarted("a lesson that has started is not moved any more")
    if to == booking.slot.start:
        raise Invalid("the lesson is at that time already", field="starts_at")
    if to <= now:
        raise Invalid("a lesson moves into the future", field="starts_at")
    await require_booking_match(unit, booking, now, override_reason=override_reason)
    calendar = await unit.availability.get(booking.qari_id)
    lessons = [
        lesson
        for lesson in await in_scope(unit, booking, scope)
        if lesson.status is Status.CONFIRMED and lesson.slot.start > now
    ]
    zone = calendar.zone if booking.series_id is None else (await unit.series.get(booking.series_id)).zone
    moves = [Move(booking=lesson, to=slot) for lesson, slot in shifted(lessons, booking, to, zone)]
    await _require_room(unit, calendar, moves, now, own_hours=by is Party.LEARNER and not agreed)
    policy = (await policy_of(unit, booking)).policy
    free = all(moves_freely(lesson, policy, by, now) for lesson in lessons)
    return MovePlan(
        by=by, scope=scope, moves=tuple(moves), needs_consent=not (agreed or free), override_reason=override_reason
    )


async def make_move(unit: UnitOfWork, plan: MovePlan, now: datetime, *, agreed: bool = False) -> Sequence[Booking]:
    """The old times are freed in the same step; calendars hear of it by a higher sequence. Whoever plans a move to
    make it has locked the Qari. Raises SlotTaken, LearnerBusy, StaleWrite.
    """
    moved: list[Booking] = []
    for move in plan.moves:
        counts = plan.by is Party.LEARNER and not agreed
        following, news = move.booking.reschedule(move.to, by=plan.by, counts=counts, at=now)
        if plan.override_reason:
            following = msgspec.structs.replace(following, override_reason=plan.override_reason)
        moved.append(following)
        unit.record(news)
        proposal = await unit.proposals.open_of(following.id)
        if proposal is not None:
            await unit.proposals.save(proposal.overtake())
    await unit.bookings.move(moved)
    return moved


async def _require_room(
    unit: UnitOfWork, calendar: Calendar, moves: Sequence[Move], now: datetime, *, own_hours: bool
) -> None:
    without = [move.booking.id for move in moves]
    window = TimeSlot(min(move.to.start for move in moves), max(move.to.end for move in moves))
    busy = list(await unit.availability.busy(calendar.qari_id, window, without=without))
    learner_id = moves[0].booking.learner_id
    others = await learner_busy(unit, learner_id, window, without)
    for move in moves:
        if any(move.to.overlaps(other) for other in others):
            raise LearnerBusy("There is another lesson at that time.", starts_at=move.to.start.isoformat())
        word = obstacle(calendar, busy, move.to, now, own_hours=own_hours)
        if word is not None:
            error = SlotTaken if word in BUSY else SlotUnavailable
            raise error(
                "The lesson cannot be moved to this time.",
                reason=word,
                starts_at=move.to.start.isoformat(),
                next_free=await next_free(unit, calendar, move.to, now),
            )
        before, after = move.booking.buffer_before_min, move.booking.buffer_after_min
        busy.append(Busy.lesson(move.to, before_min=before, after_min=after))
