"""Call a lesson off, or give up a hold or a request. What is shown before is what happens after. (BOOK-10)"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from application.booking.places import policy_of
from application.booking.rules import party_in
from application.booking.scopes import in_scope, require_change
from application.booking.staff_acts import note_if_staff
from domain.booking.booking import WAITING, Booking, Status
from domain.booking.errors import TermsChanged
from domain.booking.policy import Cancellation, cancellation
from domain.booking.series import Scope
from domain.identity.actor import Actor, Party
from domain.identity.guardianship import Right
from domain.ids import BookingId
from domain.money import Money, total
from ports.clock import Clock
from ports.unit_of_work import NewUnit, UnitOfWork


class LessonCancellation(msgspec.Struct, frozen=True, kw_only=True):
    booking: Booking
    terms: Cancellation


class CancellationPreview(msgspec.Struct, frozen=True, kw_only=True):
    """``lessons`` in order of time; the sums are over all of them."""

    lessons: tuple[LessonCancellation, ...]
    refund: Money
    forfeited: Money


class PreviewCancellation:
    """What a cancellation now would do. Raises NotFound, NotPermitted, LessonStarted, IllegalTransition."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, booking_id: BookingId, scope: Scope = Scope.ONE) -> CancellationPreview:
        async with self._new_unit() as unit:
            return await _preview(unit, actor, booking_id, scope, self._clock.now())


class CancelBookingCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``agreed_refund``: what the preview said; with it, a tier crossed in between raises TermsChanged."""

    booking_id: BookingId
    scope: Scope = Scope.ONE
    reason: str = ""
    agreed_refund: Money | None = None


class CancelBooking:
    """Raises NotFound, NotPermitted, LessonStarted, IllegalTransition, TermsChanged, StaleWrite."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, command: CancelBookingCommand) -> Sequence[Booking]:
        """The lessons as they are now."""
        now = self._clock.now()
        async with self._new_unit() as unit:
            preview = await _preview(unit, actor, command.booking_id, command.scope, now)
            if command.agreed_refund not in (None, preview.refund):
                raise TermsChanged(
                    "What comes back has changed since it was shown.",
                    refund_minor=preview.refund.minor,
                    currency=preview.refund.currency,
                )
            cancelled: list[Booking] = []
            for lesson in preview.lessons:
                following, news = lesson.booking.cancel(
                    by=lesson.terms.by, reason=command.reason, refund=lesson.terms.refund, at=now
                )
                await unit.bookings.save(following)
                unit.record(news)
                note_if_staff(unit, actor, lesson.terms.by, "booking.cancel", lesson.booking, following, command.reason)
                proposal = await unit.proposals.open_of(following.id)
                if proposal is not None:
                    await unit.proposals.save(proposal.overtake())
                cancelled.append(following)
            await unit.commit()
        return cancelled


async def _preview(
    unit: UnitOfWork, actor: Actor, booking_id: BookingId, scope: Scope, now: datetime
) -> CancellationPreview:
    require_change(actor)
    booking = await unit.bookings.get(booking_id)
    party = await party_in(unit, booking, actor, Right.BOOK, now)
    policy = (await policy_of(unit, booking)).policy
    affected = [booking]
    if scope is not Scope.ONE:
        standing = await in_scope(unit, booking, scope)
        affected = [lesson for lesson in standing if _ends_by_cancelling(lesson, now)] or [booking]
    lessons = tuple(
        LessonCancellation(booking=lesson, terms=cancellation(lesson, policy, Party(party), now))
        for lesson in sorted(affected, key=lambda lesson: lesson.slot)
    )
    currency = booking.price.currency
    return CancellationPreview(
        lessons=lessons,
        refund=total([lesson.terms.refund for lesson in lessons], currency),
        forfeited=total([lesson.terms.forfeited for lesson in lessons], currency),
    )


def _ends_by_cancelling(lesson: Booking, now: datetime) -> bool:
    return lesson.status in WAITING or (lesson.status is Status.CONFIRMED and now < lesson.slot.start)
