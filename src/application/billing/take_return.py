"""The payer's browser comes back with the provider's signature in its hands. (PAYM-02)

What it brings changes nothing by itself. Where the provider has signed it for this very checkout, the provider is asked
at once instead of when his webhook comes; anything else is passed over, and costs nobody a call.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import structlog

from application.billing.settle_payment import SettlePayment
from domain.errors import DomainError, NotFound
from domain.ids import PaymentId
from ports.billing.gateway import Gateways
from ports.errors import GatewayError
from ports.unit_of_work import NewUnit

log: Final = structlog.get_logger("billing")


class TakeReturn:
    """Whether the provider was asked. Nothing is raised: the webhook and the sweep come anyway."""

    def __init__(self, new_unit: NewUnit, gateways: Gateways, settle_payment: SettlePayment) -> None:
        self._new_unit, self._gateways, self._settle_payment = new_unit, gateways, settle_payment

    async def __call__(self, payment_id: PaymentId, returned: Mapping[str, str]) -> bool:
        with suppress(NotFound):
            async with self._new_unit() as unit:
                payment = await unit.payments.get(payment_id)
            gateway = self._gateways.get(payment.provider, payment.account)
            if payment.provider_ref is None or not gateway.proves(payment.provider_ref, returned):
                log.info("return_without_proof", payment_id=str(payment_id))
                return False
            try:
                await self._settle_payment(payment_id)
            except (GatewayError, DomainError) as error:
                log.warning("return_not_settled", payment_id=str(payment_id), error=str(error))
            return True
        return False
