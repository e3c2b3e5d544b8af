"""Asks the provider what is true of a payment, and takes it over. (PAYM-02)"""

from contextlib import suppress
from typing import Final

from application.billing.settlement import settle
from domain.billing.payment import Payment
from domain.billing.snapshot import PaymentSnapshot
from domain.errors import StaleWrite
from domain.ids import PaymentId
from ports.billing.gateway import Gateways
from ports.clock import Clock, NewId
from ports.unit_of_work import NewUnit

_TRIES: Final = 3


class SettlePayment:
    """Raises NotFound, SnapshotMismatch, GatewayUnavailable, GatewayRefused."""

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId, gateways: Gateways) -> None:
        self._new_unit, self._clock, self._new_id, self._gateways = new_unit, clock, new_id, gateways

    async def __call__(self, payment_id: PaymentId) -> Payment:
        """Nothing to ask while the provider has not answered with its checkout."""
        async with self._new_unit() as unit:
            payment = await unit.payments.get(payment_id)
        if payment.provider_ref is None:
            return payment
        gateway = self._gateways.get(payment.provider, payment.account)
        return await self.apply(payment_id, await gateway.fetch(payment.provider_ref))

    async def apply(self, payment_id: PaymentId, snapshot: PaymentSnapshot) -> Payment:
        """With what has been learned already."""
        for _ in range(_TRIES - 1):
            with suppress(StaleWrite):  # a worker has just taken one of its refunds
                return await self._apply(payment_id, snapshot)
        return await self._apply(payment_id, snapshot)

    async def _apply(self, payment_id: PaymentId, snapshot: PaymentSnapshot) -> Payment:
        async with self._new_unit() as unit:
            payment = await settle(unit, payment_id, snapshot, at=self._clock.now(), new_id=self._new_id)
            await unit.commit()
        return payment
