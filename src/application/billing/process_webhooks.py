"""Works on what the inbox holds, several workers at once, each message in one pair of hands. (PAYM-04, PAYM-05)

A message says that something changed. What is true now is fetched, outside any transaction, and taken over in the
same commit that marks the message as processed: dying in between leaves it to whoever comes after the lease. Messages
about one object that wait together are one question.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec

from application.billing.settlement import settle, settle_locked
from application.outbox.backoff import Jitter, system_jitter
from domain.billing.payment import Payment
from domain.billing.snapshot import PaymentSnapshot
from domain.billing.webhook_event import LEASE, WebhookEvent
from domain.errors import NotFound, StaleWrite
from domain.ids import PaymentId
from ports.billing.gateway import NOT_OURS, GatewayRefused, Gateways
from ports.clock import Clock, NewId
from ports.unit_of_work import NewUnit, UnitOfWork

_BATCH: Final = 32
_ASK_TIMEOUT_S: Final = 45.0
"""Less than the lease, also for one that waits for its turn first."""
_AWAY_S: Final = (1.0, 2.0, 4.0, 8.0)
"""A database that is away comes back within them as a rule; otherwise the message waits for the end of its lease."""
_AT_ONCE: Final = 16
"""So many questions are under way. Who hands them out slower (``ports.budget``) lets them wait as well."""
_NOBODY: Final = PaymentId(UUID(int=0))


class Answered(msgspec.Struct, frozen=True):
    """What the provider says of one object now, and the messages that are about it. ``snapshot`` None: nothing that
    is ours, and ``why``; or it could not be asked.
    """

    events: Sequence[WebhookEvent]
    snapshot: PaymentSnapshot | None
    why: str = ""
    failure: Exception | None = None


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
            await self._work(claimed)
            done += len(claimed)

    async def _work(self, claimed: Sequence[WebhookEvent]) -> None:
        """The provider is asked about all objects at once. Answers that have come are settled together, while those
        that are slow are still under way.
        """
        objects: dict[tuple[str, ...], list[WebhookEvent]] = {}
        for event in claimed:
            if event.is_spent:
                await self._fail(event, "whoever worked on it did not come back, every time")
            else:
                about = (event.provider, event.account, event.object_ref)
                objects.setdefault(about if event.object_ref else (str(event.id),), []).append(event)
        turns = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as asking:
            waiting = {asking.create_task(self._ask(events, turns)) for events in objects.values()}
            while waiting:
                answered, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                await self._settle([each.result() for each in answered])

    async def _ask(self, events: Sequence[WebhookEvent], turns: asyncio.Semaphore) -> Answered:
        event = events[0]
        if not event.object_ref:
            return Answered(events, None, "about nothing of ours")
        try:
            gateway = self._gateways.get(event.provider, event.account)
            async with asyncio.timeout(_ASK_TIMEOUT_S), turns:
                return Answered(events, await gateway.fetch(event.object_ref))
        except GatewayRefused as error:
            if error.code == NOT_OURS:
                return Answered(events, None, str(error))
            return Answered(events, None, failure=error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the messages must not be lost
            return Answered(events, None, failure=error)

    async def _settle(self, answers: Sequence[Answered]) -> None:
        """In one commit. What is not that simple, and all of it when one does not let it, each by itself."""
        alone = answers
        with suppress(Exception):
            alone = await self._settle_together(answers)
        for answer in alone:
            if answer.failure is not None:
                await self._fail_all(answer.events, answer.failure)
                continue
            try:
                await self._settle_alone(answer)
            except Exception as error:  # noqa: BLE001 - as above
                await self._fail_all(answer.events, error)

    async def _settle_together(self, answers: Sequence[Answered]) -> Sequence[Answered]:
        """Those that are left."""
        left = [answer for answer in answers if answer.snapshot is None]
        accounts: dict[tuple[str, str], list[tuple[Answered, PaymentSnapshot]]] = {}
        for answer in answers:
            if answer.snapshot is not None:
                of_account = answer.events[0].provider, answer.events[0].account
                accounts.setdefault(of_account, []).append((answer, answer.snapshot))
        if accounts:
            async with self._new_unit() as unit:
                for provider, account in sorted(accounts):
                    left += await self._settle_account(unit, provider, account, accounts[provider, account])
                await unit.commit()
        return left

    async def _settle_account(
        self, unit: UnitOfWork, provider: str, account: str, told: Sequence[tuple[Answered, PaymentSnapshot]]
    ) -> Sequence[Answered]:
        """Left are those about a payment that is not known by what the provider says, or has been settled just now."""
        locked = await unit.payments.lock_told(
            provider,
            account,
            refs=[snapshot.provider_ref for _, snapshot in told],
            ids=[snapshot.reference for _, snapshot in told if snapshot.reference is not None],
        )
        by_ref, by_id = {one.provider_ref: one for one in locked}, {one.id: one for one in locked}
        left, settled = [], []
        worked_on: list[WebhookEvent] = []
        for answer, snapshot in told:
            payment = by_ref.get(snapshot.provider_ref) or by_id.get(snapshot.reference or _NOBODY)
            plain = payment is not None and payment.provider_ref in (None, snapshot.provider_ref)
            if payment is None or not plain or by_id.pop(payment.id, None) is None:
                left.append(answer)
            else:
                settled.append((payment, snapshot))
                worked_on += answer.events
        if settled:
            now = self._clock.now()
            await settle_locked(unit, settled, at=now, new_id=self._new_id)
            await unit.webhooks.save(*(event.process(at=now) for event in worked_on))
        return left

    async def _settle_alone(self, answer: Answered) -> None:
        event, snapshot = answer.events[0], answer.snapshot
        if snapshot is None:
            await self._finish(answer.events, None, None, why=answer.why)
            return
        async with self._new_unit() as unit:
            payment = await _concerned(unit, event, snapshot)
        if payment is not None and payment.provider_ref not in (None, snapshot.provider_ref):
            # a try that its checkout does not name, or a checkout that has been replaced
            gateway = self._gateways.get(event.provider, event.account)
            snapshot = (await gateway.fetch(str(payment.provider_ref))).after(snapshot)
        payment_id = payment.id if payment is not None else snapshot.reference
        await self._finish(answer.events, payment_id, snapshot, why="this account's, but no payment of ours")

    async def _finish(
        self,
        events: Sequence[WebhookEvent],
        payment_id: PaymentId | None,
        snapshot: PaymentSnapshot | None,
        *,
        why: str,
    ) -> None:
        now = self._clock.now()
        async with self._new_unit() as unit:
            if payment_id is None or snapshot is None or not await _is_of_account(unit, payment_id, events[0]):
                # Another academy that shares the account may know the payment: then it is that one's to work on.
                for event in events:
                    if not await unit.webhooks.hand_over(event, payment_id, now=now):
                        await unit.webhooks.save(event.ignore(why, at=now))
            else:
                await settle(unit, payment_id, snapshot, at=now, new_id=self._new_id)
                await unit.webhooks.save(*(event.process(at=now) for event in events))
            await unit.commit()

    async def _fail_all(self, events: Sequence[WebhookEvent], error: Exception) -> None:
        for event in events:
            await self._fail(event, f"{type(error).__name__}: {error}")

    async def _fail(self, event: WebhookEvent, error: str) -> None:
        for pause_s in _AWAY_S:
            try:
                await self._note_failure(event, error)
            except Exception:  # noqa: BLE001 - raised by the last try
                await asyncio.sleep(pause_s)
            else:
                return
        await self._note_failure(event, error)

    async def _note_failure(self, event: WebhookEvent, error: str) -> None:
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
