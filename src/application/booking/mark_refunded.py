"""All that was paid for a lesson has gone back."""

from domain.billing.events import RefundSucceeded
from domain.booking.booking import LIFECYCLE, Status
from domain.events import Event
from domain.ids import EventId
from ports.clock import Clock
from ports.unit_of_work import NewUnit


class MarkRefunded:
    """Subscriber. A partial refund, and money that had come twice, leave the lesson as it is."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, event_id: EventId, event: Event) -> None:
        if not isinstance(event, RefundSucceeded) or event.booking_id is None or not event.settles_booking:
            return
        async with self._new_unit() as unit:
            booking = await unit.bookings.get(event.booking_id)
            twice = event.payment_id == booking.late_payment_id != booking.payment_id
            ended_unpaid = booking.status in (Status.EXPIRED, Status.CANCELLED)
            if Status.REFUNDED not in LIFECYCLE.table[booking.status] or (twice and not ended_unpaid):
                return
            refunded, news = booking.mark_refunded(at=self._clock.now())
            await unit.bookings.save(refunded)
            unit.record(news)
            await unit.commit()
