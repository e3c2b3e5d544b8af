"""Takes refunds to the provider: outside any transaction, each under its own id as the key. (REF-02)"""

from datetime import timedelta
from typing import Final

import structlog

from application.billing.settlement import settle_refunds
from application.outbox.backoff import Jitter, system_jitter
from domain.billing.payment import Payment
from domain.billing.refund import Refund
from domain.billing.snapshot import RefundSnapshot
from domain.billing.webhook_event import pause_after
from ports.billing.gateway import GatewayRefused, Gateways, RefundRequest
from ports.clock import Clock, NewId
from ports.errors import GatewayUnavailable
from ports.unit_of_work import NewUnit

LEASE: Final = timedelta(minutes=2)
_BATCH: Final = 10
log: Final = structlog.get_logger("billing")


class SubmitRefunds:
    """How many were taken there. One whose answer did not come is taken again after a while, but only once the
    provider's own list does not show it: keys are forgotten after a day, lists are not.
    """

    def __init__(
        self, new_unit: NewUnit, clock: Clock, new_id: NewId, gateways: Gateways, jitter: Jitter = system_jitter
    ) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id
        self._gateways, self._jitter = gateways, jitter

    async def __call__(self) -> int:
        done = 0
        while True:
            async with self._new_unit() as unit:
                claimed = await unit.refunds.claim_unsubmitted(now=self._clock.now(), lease=LEASE, limit=_BATCH)
                await unit.commit()
            if not claimed:
                return done
            for refund in claimed:
                await self._submit(refund)
            done += len(claimed)

    async def _submit(self, refund: Refund) -> None:
        async with self._new_unit() as unit:
            payment = await unit.payments.get(refund.payment_id)
        try:
            snapshot = await self._taken(refund, payment)
        except GatewayRefused as error:
            log.warning("refund_refused", refund_id=str(refund.id), error=str(error))
            await self._refused(refund, error.code or str(error))
        except GatewayUnavailable as error:
            log.warning("refund_unanswered", refund_id=str(refund.id), attempts=refund.attempts, error=str(error))
            due = self._clock.now() + pause_after(refund.attempts, self._jitter())
            async with self._new_unit() as unit:
                await unit.refunds.postpone(refund.id, due=due)
                await unit.commit()
        else:
            await self._settle(refund, snapshot)

    async def _taken(self, refund: Refund, payment: Payment) -> RefundSnapshot:
        if payment.provider_ref is None:
            raise GatewayRefused(payment.provider, "the payment has no checkout", "no_checkout")
        gateway = self._gateways.get(payment.provider, payment.account)
        if refund.attempts > 1:
            listed = (await gateway.fetch(payment.provider_ref)).refunds
            if found := [snapshot for snapshot in listed if snapshot.reference == refund.id]:
                return found[0]
        return await gateway.refund(
            RefundRequest(
                reference=refund.id,
                idempotency_key=str(refund.id),
                provider_ref=payment.provider_ref,
                amount=refund.amount,
                reason=refund.reason,
            )
        )

    async def _settle(self, refund: Refund, snapshot: RefundSnapshot) -> None:
        async with self._new_unit() as unit:
            known = await unit.payments.lock(refund.payment_id)
            payment = await settle_refunds(unit, known, [snapshot], at=self._clock.now(), new_id=self._new_id)
            if payment is not known:
                await unit.payments.save(payment)
            await unit.commit()

    async def _refused(self, refund: Refund, why: str) -> None:
        async with self._new_unit() as unit:
            await unit.payments.lock(refund.payment_id)
            current = await unit.refunds.get(refund.id)
            if current.is_under_way:
                failed, told = current.refuse(why, at=self._clock.now())
                await unit.refunds.save(failed)
                unit.record(told)
                await unit.commit()
