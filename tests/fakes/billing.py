"""Payments, refunds, the ledger and the inbox in memory, with the promises of their ports."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.billing.dispute import Dispute
from domain.billing.finding import Finding
from domain.billing.ledger import DEFERRED_PREFIX, Journal, JournalKind
from domain.billing.payment import Payment
from domain.billing.refund import Refund, RefundStatus
from domain.billing.webhook_event import WebhookEvent, WebhookStatus
from domain.errors import Conflict, NotFound, StaleWrite
from domain.ids import BookingId, FindingId, PaymentId, RefundId, WebhookId
from domain.money import Money


class MemoryPayments:
    READS = ("refunds", "payment_checks")

    def __init__(self, shelf: dict[Any, Any], refunds: dict[Any, Any], payment_checks: dict[Any, Any]) -> None:
        self._payments: dict[PaymentId, Payment] = shelf
        self._refunds: dict[RefundId, Refund] = refunds
        self._checked: dict[PaymentId, datetime] = payment_checks

    async def get(self, payment_id: PaymentId) -> Payment:
        if payment_id not in self._payments:
            raise NotFound("there is no such payment")
        return self._payments[payment_id]

    async def lock(self, payment_id: PaymentId) -> Payment:
        return await self.get(payment_id)

    async def lock_told(
        self, provider: str, account: str, *, refs: Collection[str], ids: Collection[PaymentId]
    ) -> Sequence[Payment]:
        mine = [p for p in self._payments.values() if (p.provider, p.account) == (provider, account)]
        return sorted((p for p in mine if p.provider_ref in refs or p.id in ids), key=lambda payment: payment.id)

    async def by_provider_ref(self, provider: str, account: str, provider_ref: str) -> Payment | None:
        wanted = (provider, account, provider_ref)
        return next((p for p in self._payments.values() if (p.provider, p.account, p.provider_ref) == wanted), None)

    async def of_booking(self, booking_id: BookingId) -> Sequence[Payment]:
        found = [payment for payment in self._payments.values() if booking_id in payment.booking_ids]
        return sorted(found, key=lambda payment: (payment.created_at, payment.id), reverse=True)

    async def add(self, payment: Payment) -> None:
        if payment.id in self._payments:
            raise Conflict("there is a payment with this id already")
        self._payments[payment.id] = payment
        self._checked[payment.id] = payment.created_at

    async def save(self, *payments: Payment) -> None:
        for payment in payments:
            if payment.id not in self._payments or self._payments[payment.id].version >= payment.version:
                raise StaleWrite("this payment has changed in between")
            self._payments[payment.id] = payment

    async def claim_unsettled(self, *, now: datetime, pause: timedelta, limit: int) -> Sequence[Payment]:
        doubtful = {refund.payment_id for refund in self._refunds.values() if refund.is_under_way}
        due = [
            payment
            for payment in self._payments.values()
            if self._checked[payment.id] <= now - pause
            and (payment.is_live or (payment.captured_at is not None and payment.id in doubtful))
        ]
        claimed = sorted(due, key=lambda payment: self._checked[payment.id])[:limit]
        self._checked |= {payment.id: now for payment in claimed}
        return sorted(claimed, key=lambda payment: payment.created_at)


class MemoryRefunds:
    READS = ("refund_dues",)

    def __init__(self, shelf: dict[Any, Any], refund_dues: dict[Any, Any]) -> None:
        self._refunds: dict[RefundId, Refund] = shelf
        self._due: dict[RefundId, datetime] = refund_dues

    async def get(self, refund_id: RefundId) -> Refund:
        if refund_id not in self._refunds:
            raise NotFound("there is no such refund")
        return self._refunds[refund_id]

    async def of_payment(self, payment_id: PaymentId) -> Sequence[Refund]:
        found = [refund for refund in self._refunds.values() if refund.payment_id == payment_id]
        return sorted(found, key=lambda refund: (refund.created_at, refund.id))

    async def add(self, refund: Refund) -> None:
        if refund.id in self._refunds:
            raise Conflict("there is a refund with this id already")
        self._refunds[refund.id] = refund
        self._due[refund.id] = refund.created_at

    async def save(self, refund: Refund) -> None:
        if refund.id not in self._refunds or self._refunds[refund.id].version != refund.version - 1:
            raise StaleWrite("this refund has changed in between")
        self._refunds[refund.id] = refund

    async def claim_unsubmitted(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[Refund]:
        open_ones = (RefundStatus.REQUESTED, RefundStatus.SUBMITTED)
        due = [r for r in self._refunds.values() if r.status in open_ones and self._due[r.id] <= now]
        claimed = [refund.submit() for refund in sorted(due, key=lambda r: self._due[r.id])[:limit]]
        for refund in claimed:
            self._refunds[refund.id] = refund
            self._due[refund.id] = now + lease
        return sorted(claimed, key=lambda refund: (refund.created_at, refund.id))

    async def postpone(self, refund_id: RefundId, *, due: datetime) -> None:
        self._due[refund_id] = due


class MemoryDisputes:
    def __init__(self, shelf: dict[Any, Any]) -> None:
        self._disputes: dict[tuple[PaymentId, str], Dispute] = shelf

    async def of_payment(self, payment_id: PaymentId) -> Sequence[Dispute]:
        found = [dispute for dispute in self._disputes.values() if dispute.payment_id == payment_id]
        return sorted(found, key=lambda dispute: (dispute.opened_at, dispute.id))

    async def keep(self, dispute: Dispute) -> None:
        self._disputes[dispute.payment_id, dispute.provider_ref] = dispute


class MemoryFindings:
    def __init__(self, shelf: dict[Any, Any]) -> None:
        self._findings: dict[FindingId, Finding] = shelf

    async def get(self, finding_id: FindingId) -> Finding:
        if finding_id not in self._findings:
            raise NotFound("there is no such finding")
        return self._findings[finding_id]

    async def of(self, source: str) -> Sequence[Finding]:
        return [finding for finding in self._findings.values() if finding.source == source]

    async def keep(self, finding: Finding) -> None:
        self._findings[finding.id] = finding


class MemoryLedger:
    def __init__(self, shelf: dict[Any, Any]) -> None:
        self._journals: dict[tuple[JournalKind, UUID], Journal] = shelf

    async def post(self, *journals: Journal) -> int:
        return sum(self._journals.setdefault((each.kind, each.source), each) is each for each in journals)

    async def journal(self, kind: JournalKind, source: UUID) -> Journal | None:
        return self._journals.get((kind, source))

    async def deferred_left(self, booking_ids: Sequence[BookingId], currency: str) -> Mapping[BookingId, Money]:
        left: dict[BookingId | None, int] = defaultdict(int)
        for journal in self._journals.values():
            for entry in journal.entries:
                if entry.account.startswith(DEFERRED_PREFIX) and entry.amount.currency == currency:
                    left[entry.booking_id] -= entry.amount.minor
        return {booking_id: Money(left[booking_id], currency) for booking_id in booking_ids}


def _object_of(event: WebhookEvent) -> tuple[str, str, str]:
    return event.provider, event.account, event.object_ref


class MemoryWebhooks:
    def __init__(self, shelf: dict[Any, Any]) -> None:
        self._events: dict[WebhookId, WebhookEvent] = shelf

    async def add(self, event: WebhookEvent) -> bool:
        known = {(kept.provider, kept.account, kept.event_id) for kept in self._events.values()}
        if (event.provider, event.account, event.event_id) in known:
            return False
        self._events[event.id] = event
        return True

    async def hand_over(self, event: WebhookEvent, payment_id: PaymentId | None, *, now: datetime) -> bool:
        return False

    async def get(self, webhook_id: WebhookId) -> WebhookEvent:
        if webhook_id not in self._events:
            raise NotFound("there is no such webhook")
        return self._events[webhook_id]

    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[WebhookEvent]:
        waiting = (WebhookStatus.RECEIVED, WebhookStatus.FAILED, WebhookStatus.PROCESSING)
        due = [event for event in self._events.values() if event.status in waiting and event.due_at <= now]
        due.sort(key=lambda event: (event.due_at, event.id))
        oldest, later = due[:limit], due[limit:]
        objects = {_object_of(event) for event in oldest if event.object_ref}
        beside = [event for event in later if _object_of(event) in objects][:limit]
        claimed = [event.claim(at=now, lease=lease) for event in oldest + beside]
        self._events |= {event.id: event for event in claimed}
        return sorted(claimed, key=lambda event: (event.received_at, event.id))

    async def save(self, *events: WebhookEvent) -> None:
        for event in events:
            self._save(event)

    def _save(self, event: WebhookEvent) -> None:
        kept = self._events[event.id]
        ours = kept.status is WebhookStatus.PROCESSING and kept.attempts == event.attempts
        replayed = event.attempts == 0 and kept.status in (
            WebhookStatus.DEAD,
            WebhookStatus.FAILED,
            WebhookStatus.IGNORED,
        )
        if not ours and not replayed:
            raise StaleWrite("somebody else works on this webhook now")
        self._events[event.id] = event


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    fakes: dict[str, Any] = {
        "payments": MemoryPayments,
        "refunds": MemoryRefunds,
        "disputes": MemoryDisputes,
        "findings": MemoryFindings,
        "ledger": MemoryLedger,
        "webhooks": MemoryWebhooks,
    }
    fake = fakes[part]
    return fake(shelf(part), **{other: shelf(other) for other in getattr(fake, "READS", ())})
