"""Works on what the inbox holds, several workers at once, each message in one pair of hands. (PAYM-04, PAYM-05)

A message says that something changed. What is true now is fetched, outside any transaction, and taken over in the
same commit that marks the message as processed: dying in between leaves it to whoever comes after the lease.
"""

import asyncio
from typing import Final

from application.billing.settlement import settle
from application.outbox.backoff import Jitter, system_jitter
from domain.billing.payment import Payment
from domain.billing.snapshot import PaymentSnapshot
from domain.billing.webhook_event import LEASE, WebhookEvent
from domain.errors import NotFound, StaleWrite
from domain.ids import PaymentId
from ports.billing.gateway import NOT_OURS, GatewayRefused, Gateways
from ports.clock import Clock, NewId
from ports.unit_of_work import NewUnit, UnitOfWork

_BATCH: Final = 8


class ProcessWebhooks:
    """How many it worked on. A message that fails is tried again later; nothing is raised for it."""

    def __init__(
        self, new_unit: NewUnit, clock: Clock, new_id: NewId, gateways: Gateways, jitter: Jitter = system_jitter
    ) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id
        self._gateways, self._jitter = gateways, jitter

    async def __call__(self) -> int:
        done = 0
        while True:
            async with self._new_unit() as unit:
                claimed = await unit.webhooks.claim(now=self._clock.now(), lease=LEASE, limit=_BATCH)
                await unit.commit()
            if not claimed:
                return done
            await asyncio.gather(*(self._work(event) for event in claimed))
            done += len(claimed)

    async def _work(self, event: WebhookEvent) -> None:
        if event.is_spent:
            await self._fail(event, "whoever worked on it did not come back, every time")
            return
        try:
            await self._settle(event)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message must not be lost
            await self._fail(event, f"{type(error).__name__}: {error}")

    async def _settle(self, event: WebhookEvent) -> None:
        if not event.object_ref:
            await self._finish(event, None, None, why="about nothing of ours")
            return
        gateway = self._gateways.get(event.provider, event.account)
        try:
            snapshot = await gateway.fetch(event.object_ref)
        except GatewayRefused as error:
            if error.code != NOT_OURS:
                raise
            await self._finish(event, None, None, why=str(error))
            return
        async with self._new_unit() as unit:
            payment = await _concerned(unit, event, snapshot)
        if payment is not None and payment.provider_ref not in (None, snapshot.provider_ref):
            # a try that its checkout does not name, or a checkout that has been replaced
            snapshot = (await gateway.fetch(str(payment.provider_ref))).after(snapshot)
        payment_id = payment.id if payment is not None else snapshot.reference
        await self._finish(event, payment_id, snapshot, why="this account's, but no payment of ours")

    async def _finish(
        self, event: WebhookEvent, payment_id: PaymentId | None, snapshot: PaymentSnapshot | None, *, why: str
    ) -> None:
        now = self._clock.now()
        async with self._new_unit() as unit:
            if payment_id is None or snapshot is None or not await _is_of_account(unit, payment_id, event):
                # Another academy that shares the account may know the payment: then it is that one's to work on.
                if not await unit.webhooks.hand_over(event, payment_id, now=now):
                    await unit.webhooks.save(event.ignore(why, at=now))
            else:
                await settle(unit, payment_id, snapshot, at=now, new_id=self._new_id)
                await unit.webhooks.save(event.process(at=now))
            await unit.commit()

    async def _fail(self, event: WebhookEvent, error: str) -> None:
        told = " ".join(error.split())[:500]
        failed, died = event.fail(told, at=self._clock.now(), jitter=self._jitter())
        async with self._new_unit() as unit:
            try:
                await unit.webhooks.save(failed)
            except StaleWrite:
                return  # the lease is over and somebody else is at it
            unit.record(*died)
            await unit.commit()


async def _concerned(unit: UnitOfWork, event: WebhookEvent, snapshot: PaymentSnapshot) -> Payment | None:
    known = await unit.payments.by_provider_ref(event.provider, event.account, snapshot.provider_ref)
    if known is not None or snapshot.reference is None:
        return known
    if not await _is_of_account(unit, snapshot.reference, event):
        return None
    return await unit.payments.get(snapshot.reference)


async def _is_of_account(unit: UnitOfWork, payment_id: PaymentId, event: WebhookEvent) -> bool:
    """An account's word counts for its own payments alone. (PAYM-14)"""
    try:
        payment = await unit.payments.get(payment_id)
    except NotFound:
        return False
    return (payment.provider, payment.account) == (event.provider, event.account)
