"""Nobody shall pay for a lesson that is not kept for him any more: the page is closed at the provider."""

from application.billing.settle_payment import SettlePayment
from domain.billing.payment import Payment
from domain.booking.events import BookingCancelled, BookingExpired
from domain.events import Event
from domain.ids import EventId, PaymentId
from ports.billing.gateway import GatewayRefused, Gateways
from ports.unit_of_work import NewUnit


class CloseCheckout:
    """The provider decides: whoever paid a moment ago has paid, and the money is settled as such. One that a bank is
    still working on stays open, and the sweep looks after it. Raises GatewayUnavailable.
    """

    def __init__(self, new_unit: NewUnit, gateways: Gateways, settle_payment: SettlePayment) -> None:
        self._new_unit, self._gateways, self._settle_payment = new_unit, gateways, settle_payment

    async def __call__(self, payment_id: PaymentId) -> Payment:
        async with self._new_unit() as unit:
            payment = await unit.payments.get(payment_id)
        if not payment.is_live:
            return payment
        if payment.provider_ref is not None:
            gateway = self._gateways.get(payment.provider, payment.account)
            try:
                snapshot = await gateway.expire(payment.provider_ref)
            except GatewayRefused:
                snapshot = await gateway.fetch(payment.provider_ref)
            payment = await self._settle_payment.apply(payment_id, snapshot)
            if snapshot.status not in ("failed", "expired", "canceled"):
                return payment
        return await self._give_up(payment_id)

    async def _give_up(self, payment_id: PaymentId) -> Payment:
        async with self._new_unit() as unit:
            locked = await unit.payments.lock(payment_id)
            following = locked.give_up()
            if following is not locked:
                await unit.payments.save(following)
                await unit.commit()
        return following


class CloseCheckoutOnEnd:
    """Subscriber: a hold that ran out, or was given up."""

    def __init__(self, new_unit: NewUnit, close_checkout: CloseCheckout) -> None:
        self._new_unit, self._close_checkout = new_unit, close_checkout

    async def __call__(self, event_id: EventId, event: Event) -> None:
        if not isinstance(event, BookingExpired | BookingCancelled):
            return
        if isinstance(event, BookingCancelled) and event.was_confirmed:
            return
        async with self._new_unit() as unit:
            live = [payment for payment in await unit.payments.of_booking(event.booking_id) if payment.is_live]
        for payment in live:
            await self._close_checkout(payment.id)
