"""Money has come: the lesson stands. Only a verified answer of the provider leads here. (BOOK-02, BOOK-04)"""

from contextlib import suppress
from datetime import datetime

from application.booking.rules import require_booking_match
from domain.billing.events import PaymentCaptured
from domain.booking.booking import Booking, Status
from domain.errors import Invalid
from domain.events import Event
from domain.ids import EventId, PaymentId
from ports.clock import Clock
from ports.unit_of_work import NewUnit, UnitOfWork


class ConfirmPaid:
    """Subscriber. An expired lesson is booked again if its time is still free; what cannot be had any more, be it that
    the rules of the match changed while it waited for its money, is told as ``PaidTooLate``, once per lesson and
    payment, and billing gives the money back.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, event_id: EventId, event: Event) -> None:
        if not isinstance(event, PaymentCaptured):
            return
        async with self._new_unit() as unit:
            for booking_id in sorted(event.booking_ids):
                booking = await unit.bookings.get(booking_id)
                if not booking.knows_payment(event.payment_id):
                    await self._settle(unit, booking, event.payment_id, self._clock.now())
            await unit.commit()

    async def _settle(self, unit: UnitOfWork, booking: Booking, payment_id: PaymentId, now: datetime) -> None:
        if booking.status in (Status.HELD, Status.PENDING_PAYMENT) and await _still_matches(unit, booking, now):
            confirmed, news = booking.confirm(payment_id=payment_id, at=now)
            await unit.bookings.save(confirmed)
            unit.record(news)
            return
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
    with suppress(Invalid):
        await require_booking_match(unit, booking, now)
        return True
    return False
