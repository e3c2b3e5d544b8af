"""Money has come: the lesson stands. Only a verified answer of the provider leads here. (BOOK-02, BOOK-04)"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from application.booking.rules import require_booking_match
from domain.billing.events import PaymentCaptured
from domain.booking.booking import Booking, Status
from domain.errors import Invalid
from domain.events import Event
from domain.ids import BookingId, EventId, PaymentId
from ports.clock import Clock
from ports.unit_of_work import NewUnit, UnitOfWork

WAITING: Final = (Status.HELD, Status.PENDING_PAYMENT)


class ConfirmPaid:
    """Subscriber. An expired lesson is booked again if its time is still free; what cannot be had any more, be it that
    the rules of the match changed while it waited for its money, is told as ``PaidTooLate``, once per lesson and
    payment, and billing gives the money back.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, event_id: EventId, event: Event) -> None:
        await self.together([(event_id, event)])

    async def together(self, news: Sequence[tuple[EventId, Event]]) -> None:
        paid = [event for _, event in news if isinstance(event, PaymentCaptured)]
        payments = [(booking_id, event.payment_id) for event in paid for booking_id in event.booking_ids]
        if not payments:
            return
        now = self._clock.now()
        async with self._new_unit() as unit:
            lessons = {one.id: one for one in await unit.bookings.get_all({booking_id for booking_id, _ in payments})}
            confirmed: list[Booking] = []
            others: list[tuple[BookingId, PaymentId]] = []
            for booking_id, payment_id in sorted(payments):
                lesson = lessons[booking_id]
                if lesson.knows_payment(payment_id):
                    continue
                if lesson.status in WAITING and await _still_matches(unit, lesson, now):
                    lessons[booking_id], told = lesson.confirm(payment_id=payment_id, at=now)
                    confirmed.append(lessons[booking_id])
                    unit.record(told)
                else:
                    others.append((booking_id, payment_id))
            if confirmed:
                await unit.bookings.save(*confirmed)
            for booking_id, payment_id in others:
                await self._settle(unit, booking_id, payment_id, now)
            await unit.commit()

    async def _settle(self, unit: UnitOfWork, booking_id: BookingId, payment_id: PaymentId, now: datetime) -> None:
        booking = await unit.bookings.get(booking_id)
        again = booking.status is Status.EXPIRED and now < booking.slot.start
        if again and await _still_matches(unit, booking, now):
            confirmed, news = booking.confirm(payment_id=payment_id, at=now)
            if await unit.bookings.reoccupy(confirmed):
                unit.record(news)
                return
        late, too_late = booking.paid_too_late(payment_id=payment_id, at=now)
        await unit.bookings.save(late)
        unit.record(too_late)


async def _still_matches(unit: UnitOfWork, booking: Booking, now: datetime) -> bool:
    await unit.foresee_match(learner_id=booking.learner_id, qari_id=booking.qari_id, now=now)
    with suppress(Invalid):
        await require_booking_match(unit, booking, now)
        return True
    return False
