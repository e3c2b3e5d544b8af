"""Paying inside our own page, and the way out of it. (PAYM-09)"""

from typing import Final

from application.billing.settle_payment import SettlePayment
from application.billing.start_checkout import request_of
from domain.billing.errors import CheckoutClosed, CheckoutRefused
from domain.billing.payment import CheckoutMode, Payment
from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import PaymentId
from ports.billing.gateway import PAY_HERE, GatewayRefused, Gateways, PaymentPage
from ports.clock import Clock
from ports.unit_of_work import NewUnit

_OVER: Final = "the time to pay is over; book again"


class _OwnPayment:
    def __init__(self, new_unit: NewUnit, clock: Clock, gateways: Gateways) -> None:
        self._new_unit, self._clock, self._gateways = new_unit, clock, gateways

    async def _payable(self, actor: Actor, payment_id: PaymentId) -> Payment:
        """Raises NotPermitted, NotFound, CheckoutClosed."""
        actor.require(Permission.PAY)
        async with self._new_unit() as unit:
            payment = await unit.payments.get(payment_id)
        if payment.payer_id != actor.user_id:
            raise NotFound("there is no such payment")
        if not payment.is_checkout_usable(self._clock.now()):
            raise CheckoutClosed(_OVER, payment_id=str(payment.id))
        return payment


class OpenPaymentPage(_OwnPayment):
    """What our page shows the payer. None where he pays on a page of the provider's, or it has not been asked yet.

    Raises NotPermitted, NotFound, CheckoutClosed, GatewayUnavailable, GatewayRefused.
    """

    async def __call__(self, actor: Actor, payment_id: PaymentId) -> PaymentPage | None:
        payment = await self._payable(actor, payment_id)
        if payment.provider_ref is None or payment.url != PAY_HERE:
            return None
        gateway = self._gateways.get(payment.provider, payment.account)
        try:
            return await gateway.payment_page(payment.provider_ref)
        except GatewayRefused as error:
            if error.code != "closed":
                raise
            raise CheckoutClosed(_OVER, payment_id=str(payment.id)) from error


class PayOnTheirPage(_OwnPayment):
    """For whoever cannot pay inside our page (no script, an old browser): the provider closes the first checkout, then
    opens one on a page of its own. What was paid in between has been paid. Answers the payment as it is then.

    Raises NotPermitted, NotFound, CheckoutClosed, CheckoutRefused, GatewayUnavailable, GatewayRefused.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, gateways: Gateways, settle_payment: SettlePayment) -> None:
        super().__init__(new_unit, clock, gateways)
        self._settle_payment = settle_payment

    async def __call__(self, actor: Actor, payment_id: PaymentId) -> Payment:
        payment = await self._payable(actor, payment_id)
        gateway = self._gateways.get(payment.provider, payment.account)
        if CheckoutMode.HOSTED not in gateway.modes:
            raise CheckoutRefused("this payment service has no page of its own", reason="mode")
        if payment.terms.mode is not CheckoutMode.HOSTED and payment.provider_ref is not None:
            snapshot = await gateway.expire(payment.provider_ref)
            if snapshot.status not in ("expired", "canceled", "failed"):
                return await self._settle_payment.apply(payment.id, snapshot)
        async with self._new_unit() as unit:
            locked = await unit.payments.lock(payment.id)
            payment = locked.move_to(CheckoutMode.HOSTED)
            if payment is not locked:
                await unit.payments.save(payment)
                await unit.commit()
        if payment.provider_ref is not None or not payment.is_live:
            return payment
        try:
            checkout = await gateway.open_checkout(request_of(payment))
        except GatewayRefused as error:
            raise CheckoutRefused("the payment service does not take this payment", reason=error.code) from error
        async with self._new_unit() as unit:
            locked = await unit.payments.lock(payment.id)
            opened = locked.open(provider_ref=checkout.provider_ref, url=checkout.url)
            if opened is not locked:
                await unit.payments.save(opened)
                await unit.commit()
        return opened
