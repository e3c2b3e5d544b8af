"""Finds what a lost webhook left behind: asks about every payment that is still open, or whose refund is. (PAYM-02)"""

from datetime import timedelta
from typing import Final

import structlog

from application.billing.close_checkout import CloseCheckout
from application.billing.settle_payment import SettlePayment
from domain.billing.payment import Payment
from domain.errors import DomainError
from ports.clock import Clock
from ports.errors import GatewayError
from ports.unit_of_work import NewUnit

PAUSE: Final = timedelta(seconds=40)
GRACE: Final = timedelta(minutes=1)
_BATCH: Final = 50
log: Final = structlog.get_logger("billing")


class SweepPayments:
    """How many were moved by it: each of them is a webhook that did not come, or not yet."""

    def __init__(
        self, new_unit: NewUnit, clock: Clock, settle_payment: SettlePayment, close_checkout: CloseCheckout
    ) -> None:
        self._new_unit, self._clock = new_unit, clock
        self._settle_payment, self._close_checkout = settle_payment, close_checkout

    async def __call__(self) -> int:
        async with self._new_unit() as unit:
            claimed = await unit.payments.claim_unsettled(now=self._clock.now(), pause=PAUSE, limit=_BATCH)
            await unit.commit()
        moved = 0
        for payment in claimed:
            try:
                following = await self._ask(payment)
            except (GatewayError, DomainError) as error:
                log.warning("payment_sweep_failed", payment_id=str(payment.id), error=str(error))
                continue
            if following.status is not payment.status:
                moved += 1
                log.info("payment_swept", payment_id=str(payment.id), status=following.status.value)
        return moved

    async def _ask(self, payment: Payment) -> Payment:
        if payment.is_live and payment.expires_at + GRACE <= self._clock.now():
            return await self._close_checkout(payment.id)
        return await self._settle_payment(payment.id)
