"""What a Qari earns: for a lesson held, for waiting in vain, for what a late cancellation forfeits. (EARN-01)"""

from domain.billing import ledger
from domain.billing.ledger import Outcome
from domain.booking.events import BookingCancelled, BookingCompleted, BookingEvent, StudentNoShow
from domain.events import Event
from domain.ids import EventId, JournalId
from domain.money import Money
from ports.clock import Clock, NewId
from ports.unit_of_work import NewUnit


class Earn:
    """Subscriber. A lesson earns once, whatever is told of it and however often. Free lessons earn nothing."""

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id

    async def __call__(self, event_id: EventId, event: Event) -> None:
        match event:
            case BookingCompleted():
                await self._earn(event, Outcome.HELD)
            case StudentNoShow():
                await self._earn(event, Outcome.STUDENT_NO_SHOW)
            case BookingCancelled(was_confirmed=True) if event.forfeited:
                await self._earn(event, Outcome.LATE_CANCEL, event.forfeited)
            case _:
                return

    async def _earn(self, event: BookingEvent, outcome: Outcome, worth: Money | None = None) -> None:
        """``worth`` None: the whole price."""
        async with self._new_unit() as unit:
            paid = [payment for payment in await unit.payments.of_booking(event.booking_id) if payment.is_paid]
            if not paid:
                return
            # with the payment locked no refund takes from the same deferred money meanwhile
            payment = await unit.payments.lock(paid[0].id)
            line = payment.line_of(event.booking_id)
            left = await unit.ledger.deferred_left([event.booking_id], line.amount.currency)
            journal = ledger.earned(
                line,
                worth or line.amount,
                left[event.booking_id],
                outcome=outcome,
                journal_id=JournalId(self._new_id()),
                at=self._clock.now(),
            )
            if journal is not None and await unit.ledger.post(journal):
                await unit.commit()
