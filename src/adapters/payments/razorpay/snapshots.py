"""What an order, its payments and refunds mean in our words."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from adapters.payments.razorpay.declines import decline_code
from adapters.payments.razorpay.wire import Dispute, Order, Payment, Refund
from domain.ids import PaymentId, RefundId
from domain.money import Money
from ports.billing.gateway import (
    DisputeSnapshot,
    PaymentSnapshot,
    RefundSnapshot,
    RefundSnapshotStatus,
    SnapshotStatus,
)

REFERENCE: Final = "reference"
ENDS: Final = "ends_at"
CLOSED: Final = "closed_at"
GRACE: Final = timedelta(minutes=1)
"""Whoever pays in the last second is heard of a little later."""
_PREFERRED: Final = ("captured", "refunded", "authorized", "created", "failed")
_REFUND: Final[dict[str, RefundSnapshotStatus]] = {"pending": "pending", "processed": "succeeded", "failed": "failed"}
_UNPAID: Final[dict[str, SnapshotStatus]] = {
    "authorized": "processing",
    "created": "requires_action",
    "failed": "failed",
}
_DECIDED: Final = frozenset({"won", "lost", "closed"})


def chosen(order: Order, payments: Sequence[Payment]) -> Payment | None:
    """The one that counts: money that came, then money that waits, then the last try."""
    own = [payment for payment in payments if payment.currency == order.currency]
    for status in _PREFERRED:
        alike = [payment for payment in own if payment.status == status]
        if alike:
            first = status in ("captured", "refunded", "authorized")
            return (min if first else max)(alike, key=lambda payment: payment.created_at)
    return None


def is_over(order: Order, now: datetime) -> bool:
    """Closed by us, or past the end that we gave it."""
    if order.note(CLOSED):
        return True
    ends = order.note(ENDS)
    return ends.isdecimal() and datetime.fromtimestamp(int(ends), UTC) + GRACE <= now


def snapshot_of(
    order: Order, payment: Payment | None, refunds: Sequence[Refund], *, now: datetime, listed: bool = False
) -> PaymentSnapshot:
    """``listed``: among others, and told with the latest time that the objects know instead of when it was read."""
    moments = [order.created_at, *(one.created_at for one in refunds), *([payment.created_at] if payment else [])]
    told = datetime.fromtimestamp(max(moments), UTC)
    is_paid = payment is not None and payment.status in ("captured", "refunded")
    failed = payment is not None and payment.status == "failed"
    snapshots = tuple(refund_of(refund) for refund in reversed(refunds))
    back = sum(refund.amount.minor for refund in snapshots if refund.status == "succeeded")
    return PaymentSnapshot(
        provider_ref=order.id,
        reference=_payment_id(order.note(REFERENCE)),
        status=_status(order, payment, now),
        amount=Money(order.amount, order.currency),
        refunded=Money(back, order.currency),
        updated_at=told if listed else now,
        decline_code=decline_code(payment.error_reason, payment.error_code) if payment and failed else None,
        charge_ref=payment.id if payment and is_paid else None,
        refunds=snapshots,
    )


def refund_of(refund: Refund) -> RefundSnapshot:
    reference = _uuid(refund.note(REFERENCE))
    return RefundSnapshot(
        provider_ref=refund.id,
        reference=RefundId(reference) if reference else None,
        amount=Money(refund.amount, refund.currency),
        status=_REFUND[refund.status],
        cause="refund_failed" if refund.status == "failed" else None,
    )


def dispute_of(dispute: Dispute) -> DisputeSnapshot:
    return DisputeSnapshot(
        provider_ref=dispute.id,
        amount=Money(dispute.amount, dispute.currency),
        reason=dispute.reason_code,
        status=dispute.status,
        is_open=dispute.status not in _DECIDED,
        opened_at=datetime.fromtimestamp(dispute.created_at, UTC),
        due_by=datetime.fromtimestamp(dispute.respond_by, UTC) if dispute.respond_by else None,
        is_taken=dispute.amount_deducted > 0 and dispute.status != "won",
    )


def _status(order: Order, payment: Payment | None, now: datetime) -> SnapshotStatus:
    if payment is not None and payment.status in ("captured", "refunded"):
        return "succeeded"
    if is_over(order, now):
        return "expired"
    if payment is None:
        return "open"
    return _UNPAID[payment.status]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _payment_id(text: str) -> PaymentId | None:
    known = _uuid(text)
    return PaymentId(known) if known else None
