"""Money that goes back because a rule says so: subscribers to what happens to lessons. (BOOK-04, BOOK-10, BOOK-11)"""

from typing import Final
from uuid import UUID, uuid5

from application.billing.settlement import refundable, request_refund
from domain.billing.payment import Payment
from domain.billing.refund import RefundCause
from domain.booking.events import BookingCancelled, BookingEvent, PaidTooLate, TeacherNoShow
from domain.events import Event
from domain.ids import EventId, PaymentId, RefundId
from domain.money import Money
from ports.billing.gateway import Gateways
from ports.clock import Clock
from ports.outbox import Wakeup
from ports.unit_of_work import NewUnit

_REFUNDS: Final = UUID("5c0f5f0e-7a39-5b8e-93c8-0e6f2d8f5a11")


class _RefundRule:
    """Gives back what is left of what a rule grants. The refund's id is made from the event's, so that hearing of it
    twice makes one refund.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, wakeup: Wakeup, gateways: Gateways) -> None:
        self._new_unit, self._clock, self._wakeup, self._gateways = new_unit, clock, wakeup, gateways

    async def _give_back(
        self,
        event_id: EventId,
        event: BookingEvent,
        cause: RefundCause,
        reason: str,
        *,
        granted: Money | None = None,
        payment_id: PaymentId | None = None,
    ) -> None:
        """``granted`` None: all of the lesson's price."""
        if granted is not None and not granted:
            return
        refund_id = RefundId(uuid5(_REFUNDS, f"{event_id}"))
        async with self._new_unit() as unit:
            paid = [
                payment
                for payment in await unit.payments.of_booking(event.booking_id)
                if payment.is_paid and payment_id in (None, payment.id)
            ]
            if not paid:
                return
            payment = await unit.payments.lock(paid[0].id)
            refunds = await unit.refunds.of_payment(payment.id)
            left = refundable(payment, refunds, event.booking_id)
            amount = left if granted is None else min(self._rounded(payment, granted), left)
            if any(refund.id == refund_id for refund in refunds) or not amount:
                return
            await request_refund(
                unit,
                payment,
                amount,
                booking_id=event.booking_id,
                cause=cause,
                reason=reason,
                refund_id=refund_id,
                at=self._clock.now(),
            )
            await unit.commit()
        await self._wakeup.nudge("refunds")

    def _rounded(self, payment: Payment, granted: Money) -> Money:
        """What the provider can give back, in the payer's favor: half of KWD 12.350 is 6.180 at most of them."""
        step = self._gateways.get(payment.provider, payment.account).step_of(granted.currency)
        return Money(-(-granted.minor // step) * step, granted.currency)


class RefundCancelled(_RefundRule):
    """What the cancellation policy gives back. The rest is forfeited, see ``Earn``."""

    async def __call__(self, event_id: EventId, event: Event) -> None:
        if isinstance(event, BookingCancelled) and event.was_confirmed:
            await self._give_back(
                event_id, event, RefundCause.CANCELLED, event.reason or "cancelled", granted=event.refund
            )


class RefundTooLate(_RefundRule):
    """Money for a time that had been given away. (BOOK-04)"""

    async def __call__(self, event_id: EventId, event: Event) -> None:
        if isinstance(event, PaidTooLate):
            await self._give_back(
                event_id, event, RefundCause.PAID_TOO_LATE, "paid too late", payment_id=event.payment_id
            )


class RefundTeacherNoShow(_RefundRule):
    """The learner is made whole. (BOOK-11)"""

    async def __call__(self, event_id: EventId, event: Event) -> None:
        if isinstance(event, TeacherNoShow):
            await self._give_back(event_id, event, RefundCause.TEACHER_NO_SHOW, "the Qari did not come")
