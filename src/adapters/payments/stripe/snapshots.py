"""Stripe's objects in our words."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from adapters.payments.stripe.amounts import from_stripe
from adapters.payments.stripe.requests import PAYMENT, REFUND
from adapters.payments.stripe.wire import Dispute, Intent, Refund, Session
from domain.billing.decline import DECLINES, GENERIC
from domain.billing.snapshot import (
    DisputeSnapshot,
    PaymentSnapshot,
    RefundSnapshot,
    RefundSnapshotStatus,
    SnapshotStatus,
)
from domain.ids import PaymentId, RefundId
from domain.money import Money, total

ABANDONED: Final = "abandoned"
"""Why a payment intent is cancelled when the time to pay is over."""
_INTENT: Final[Mapping[str, SnapshotStatus]] = {
    "requires_payment_method": "open",
    "requires_confirmation": "open",
    "requires_action": "requires_action",
    "processing": "processing",
    "requires_capture": "processing",
    "succeeded": "succeeded",
    "canceled": "canceled",
}
_REFUND: Final[Mapping[str, RefundSnapshotStatus]] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "canceled",
}
_DECLINE: Final[Mapping[str, str]] = {
    "payment_intent_authentication_failure": "authentication_failed",
    "payment_intent_payment_attempt_expired": "payment_timed_out",
    "payment_method_customer_decline": "payment_cancelled",
    "payment_method_provider_timeout": "payment_timed_out",
    "payment_method_currency_mismatch": "currency_not_supported",
}
_UNHURT: Final = frozenset({"open", "succeeded", "processing", "requires_action"})
_CLOSED: Final = frozenset({"warning_closed", "won", "lost", "prevented"})
"""Disputes that nobody can do anything about any more."""


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def decline_of(intent: Intent | None) -> str:
    """In the words of domain.billing.decline."""
    if intent is None or intent.last_payment_error is None:
        return GENERIC
    error = intent.last_payment_error
    code = error.decline_code or error.code or GENERIC
    code = _DECLINE.get(code, code)
    return code if code in DECLINES else GENERIC


def status_of_intent(intent: Intent) -> SnapshotStatus:
    status = _INTENT.get(intent.status, "processing")
    if status == "open" and intent.last_payment_error is not None:
        return "failed"
    if status == "canceled" and intent.cancellation_reason == ABANDONED:
        return "expired"
    return status


def status_of_session(session: Session) -> SnapshotStatus:
    """A page that was completed unpaid waits for a slow bank; when that says no, nobody can pay on it any more."""
    if session.payment_status == "paid":
        return "succeeded"
    if session.status == "expired":
        return "expired"
    status: SnapshotStatus = status_of_intent(session.intent) if session.intent is not None else "open"
    if session.status == "complete" and status in ("open", "failed"):
        return "canceled" if session.intent is not None else "processing"
    return status


def of_session(session: Session, refunds: Sequence[Refund], at: datetime) -> PaymentSnapshot:
    return _snapshot(
        session.id,
        session.client_reference_id or session.of.get(PAYMENT, ""),
        status_of_session(session),
        from_stripe(session.amount_total or 0, session.currency or ""),
        session.intent,
        refunds,
        at,
    )


def of_intent(intent: Intent, refunds: Sequence[Refund], at: datetime) -> PaymentSnapshot:
    amount = from_stripe(intent.amount, intent.currency)
    return _snapshot(intent.id, intent.of.get(PAYMENT, ""), status_of_intent(intent), amount, intent, refunds, at)


def of_refund(refund: Refund) -> RefundSnapshot:
    reference = _uuid((refund.metadata or {}).get(REFUND, ""))
    return RefundSnapshot(
        provider_ref=refund.id,
        reference=RefundId(reference) if reference else None,
        amount=from_stripe(refund.amount, refund.currency),
        status=_REFUND.get(refund.status or "pending", "pending"),
        cause=refund.failure_reason,
    )


def of_dispute(dispute: Dispute) -> DisputeSnapshot:
    is_open = dispute.status not in _CLOSED
    due_by = dispute.evidence_details.due_by if dispute.evidence_details is not None else None
    return DisputeSnapshot(
        provider_ref=dispute.id,
        amount=from_stripe(dispute.amount, dispute.currency),
        reason=dispute.reason,
        status=dispute.status,
        is_open=is_open,
        opened_at=instant(dispute.created),
        due_by=instant(due_by) if due_by and is_open else None,
        is_taken=sum(moved.amount for moved in dispute.balance_transactions) < 0,
    )


def with_dispute(snapshot: PaymentSnapshot, dispute: Dispute) -> PaymentSnapshot:
    return msgspec.structs.replace(snapshot, disputes=(*snapshot.disputes, of_dispute(dispute)))


def _snapshot(
    ref: str,
    reference: str,
    status: SnapshotStatus,
    amount: Money,
    intent: Intent | None,
    refunds: Sequence[Refund],
    at: datetime,
) -> PaymentSnapshot:
    """``refunds`` as Stripe lists them, newest first."""
    told = tuple(of_refund(refund) for refund in reversed(refunds))
    declined = intent is not None and (
        intent.last_payment_error is not None or (status == "canceled" and intent.status == "requires_payment_method")
    )
    known = _uuid(reference)
    return PaymentSnapshot(
        provider_ref=ref,
        reference=PaymentId(known) if known else None,
        status=status,
        amount=amount,
        refunded=total((refund.amount for refund in told if refund.status == "succeeded"), amount.currency),
        updated_at=at,
        decline_code=decline_of(intent) if declined and status not in _UNHURT else None,
        charge_ref=intent.id if intent is not None and status in ("succeeded", "processing") else None,
        refunds=told,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
