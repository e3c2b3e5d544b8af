"""The payer has come back: the provider is asked at once what is true, before a webhook tells. (PAYM-12)"""

import asyncio
from typing import Final

import structlog

from application.billing.settle_payment import SettlePayment
from domain.errors import DomainError
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import PaymentId
from ports.budget import Budget, Rate
from ports.errors import GatewayError
from ports.unit_of_work import NewUnit

ASKED: Final = Rate(name="payment-page", times=1, per_s=4.0)
"""However often a page is looked at."""
LONGEST_S: Final = 4.0
"""The page is shown without an answer rather than late."""
log: Final = structlog.get_logger("billing")


class CheckPayment:
    """Nothing is raised for it, and nothing is told: what the provider says is taken over, and the page shows what we
    know. An id that is not the payer's own asks nobody.
    """

    def __init__(self, new_unit: NewUnit, settle_payment: SettlePayment, budget: Budget) -> None:
        self._new_unit, self._settle_payment, self._budget = new_unit, settle_payment, budget

    async def __call__(self, actor: Actor, payment_id: PaymentId) -> None:
        actor.require(Permission.SEE_OWN_PAYMENTS)
        try:
            async with self._new_unit() as unit:
                payment = await unit.payments.get(payment_id)
            if payment.payer_id != actor.user_id or not payment.is_live:
                return
            if await self._budget.take(ASKED, str(payment.id), patience_s=0.0) is None:
                return
            async with asyncio.timeout(LONGEST_S):
                await self._settle_payment(payment.id)
        except (GatewayError, DomainError, TimeoutError) as error:
            log.info("payment_check_failed", payment_id=str(payment_id), error=type(error).__name__)
