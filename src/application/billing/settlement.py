"""What a provider says, taken over into payment, refunds, ledger and events, all in one unit. (PAYM-02, PAYM-06)

Everybody who has learned something from a provider (the webhooks' worker, the sweep, the refunds' worker) comes
through here, so that there is one way in which money is booked.
"""

from collections.abc import Sequence
from datetime import datetime

from domain.billing import ledger
from domain.billing.dispute import Dispute
from domain.billing.events import PaymentCaptured
from domain.billing.ledger import Journal, JournalKind
from domain.billing.payment import Payment
from domain.billing.refund import Refund, RefundCause, RefundStatus, given_back, spoken_for
from domain.billing.snapshot import DisputeSnapshot, PaymentSnapshot, RefundSnapshot
from domain.ids import BookingId, DisputeId, JournalId, PaymentId, RefundId, UserId
from domain.money import Money
from ports.clock import NewId
from ports.unit_of_work import UnitOfWork


async def settle(
    unit: UnitOfWork, payment_id: PaymentId, snapshot: PaymentSnapshot, *, at: datetime, new_id: NewId
) -> Payment:
    """Locks the payment. May be repeated, in any order. Raises NotFound, SnapshotMismatch, StaleWrite."""
    known = await unit.payments.lock(payment_id)
    (payment,) = await settle_locked(unit, [(known, snapshot)], at=at, new_id=new_id)
    return payment


async def settle_locked(
    unit: UnitOfWork, told: Sequence[tuple[Payment, PaymentSnapshot]], *, at: datetime, new_id: NewId
) -> Sequence[Payment]:
    """``settle`` for payments that the caller has locked, each of them once. Raises SnapshotMismatch, StaleWrite."""
    moved: list[Payment] = []
    captured: list[Journal] = []
    for known, snapshot in told:
        payment, events = known.apply(snapshot, at=at)
        unit.record(*events)
        if any(isinstance(event, PaymentCaptured) for event in events):
            captured.append(ledger.captured(payment, journal_id=JournalId(new_id()), at=at))
        moved.append(payment)
    if captured:
        await unit.ledger.post(*captured)
    for place, (_, snapshot) in enumerate(told):
        moved[place] = await settle_refunds(unit, moved[place], snapshot.refunds, at=at, new_id=new_id)
        await _note_disputes(unit, moved[place], snapshot.disputes, at=at, new_id=new_id)
    changed = [payment for payment, (known, _) in zip(moved, told, strict=True) if payment is not known]
    if changed:
        await unit.payments.save(*changed)
    return moved


async def settle_refunds(
    unit: UnitOfWork, payment: Payment, snapshots: Sequence[RefundSnapshot], *, at: datetime, new_id: NewId
) -> Payment:
    """The payment as it is with them; the caller, who has locked it, saves it."""
    if not snapshots or not payment.is_paid:
        return payment
    refunds = list(await unit.refunds.of_payment(payment.id))
    for snapshot in snapshots:
        refund = _ours(refunds, snapshot)
        if refund is None:
            refund = await _adopt(unit, payment, refunds, snapshot, at=at, new_id=new_id)
            if refund is None:
                continue
        following = await _settle_one(unit, payment, refunds, refund, snapshot, at=at, new_id=new_id)
        refunds = [following if kept.id == following.id else kept for kept in refunds]
    return payment.refund(given_back(refunds, payment.amount.currency))


async def request_refund(
    unit: UnitOfWork,
    payment: Payment,
    amount: Money,
    *,
    booking_id: BookingId,
    cause: RefundCause,
    reason: str,
    refund_id: RefundId,
    at: datetime,
    by: UserId | None = None,
) -> Refund:
    """The committed intent. The caller has locked the payment and seen to it that so much is left."""
    refund = Refund(
        id=refund_id,
        payment_id=payment.id,
        payer_id=payment.payer_id,
        booking_id=booking_id,
        amount=amount,
        cause=cause,
        reason=reason,
        by=by,
        created_at=at,
    )
    await unit.refunds.add(refund)
    unit.record(refund.requested())
    return refund


def refundable(payment: Payment, refunds: Sequence[Refund], booking_id: BookingId) -> Money:
    """What may still be given back of one lesson's price."""
    currency, nothing = payment.amount.currency, Money.zero(payment.amount.currency)
    if not payment.is_paid:
        return nothing
    of_line = payment.line_of(booking_id).amount - spoken_for(refunds, currency, booking_id=booking_id)
    of_all = payment.amount - spoken_for(refunds, currency)
    return max(min(of_line, of_all), nothing)


async def _note_disputes(
    unit: UnitOfWork, payment: Payment, snapshots: Sequence[DisputeSnapshot], *, at: datetime, new_id: NewId
) -> None:
    """What a bank takes, and what it gives back, is booked when the provider says that it has moved."""
    if not snapshots:
        return
    known = {dispute.provider_ref: dispute for dispute in await unit.disputes.of_payment(payment.id)}
    for snapshot in snapshots:
        before = known.get(snapshot.provider_ref)
        after = (
            Dispute.of(snapshot, payment, DisputeId(new_id()))
            if before is None
            else before.apply(snapshot, new_id=new_id())
        )
        if after is not before:
            await unit.disputes.keep(after)
            unit.record(*after.told(before, at=at))
            await _book_dispute(unit, payment, after, at=at, new_id=new_id)


async def _book_dispute(unit: UnitOfWork, payment: Payment, dispute: Dispute, *, at: datetime, new_id: NewId) -> None:
    """Each time at which the bank takes the money, and each at which it gives it back, once."""
    if dispute.taking is None:
        return
    if dispute.is_taken:
        await unit.ledger.post(ledger.dispute_taken(dispute, payment, journal_id=JournalId(new_id()), at=at))
        return
    taken = await unit.ledger.journal(JournalKind.DISPUTE_TAKEN, dispute.taking)
    if taken is not None:
        await unit.ledger.post(ledger.dispute_returned(taken, journal_id=JournalId(new_id()), at=at))


def _ours(refunds: Sequence[Refund], snapshot: RefundSnapshot) -> Refund | None:
    for refund in refunds:
        if refund.id == snapshot.reference or refund.provider_ref == snapshot.provider_ref:
            return refund
    return None


async def _settle_one(
    unit: UnitOfWork,
    payment: Payment,
    refunds: Sequence[Refund],
    refund: Refund,
    snapshot: RefundSnapshot,
    *,
    at: datetime,
    new_id: NewId,
) -> Refund:
    following, events = refund.apply(snapshot, settles_booking=settles(payment, refunds, refund), at=at)
    if following is refund:
        return refund
    await unit.refunds.save(following)
    unit.record(*events)
    if following.status is RefundStatus.SUCCEEDED:
        left = await unit.ledger.deferred_left(payment.booking_ids, payment.amount.currency)
        await unit.ledger.post(ledger.refunded(following, payment, left, journal_id=JournalId(new_id()), at=at))
    elif refund.status is RefundStatus.SUCCEEDED:
        journal = await unit.ledger.journal(JournalKind.REFUNDED, refund.id)
        if journal is not None:
            await unit.ledger.post(ledger.bounced(journal, journal_id=JournalId(new_id()), at=at))
    return following


def settles(payment: Payment, refunds: Sequence[Refund], refund: Refund) -> bool:
    if refund.booking_id is None:
        return False
    others = [other for other in refunds if other.id != refund.id]
    gone = given_back(others, payment.amount.currency, booking_id=refund.booking_id)
    return gone + refund.amount == payment.line_of(refund.booking_id).amount


async def _adopt(
    unit: UnitOfWork,
    payment: Payment,
    refunds: list[Refund],
    snapshot: RefundSnapshot,
    *,
    at: datetime,
    new_id: NewId,
) -> Refund | None:
    """A refund that somebody made at the provider becomes one of ours, so that the books stay true. None for one that
    failed, and for one that does not fit into what is left: the check of the ledger names that one.
    """
    left = payment.amount - spoken_for(refunds, payment.amount.currency)
    if snapshot.status in ("failed", "canceled") or not snapshot.amount <= left:
        return None
    refund = Refund(
        id=RefundId(new_id()),
        payment_id=payment.id,
        payer_id=payment.payer_id,
        booking_id=payment.booking_ids[0] if len(payment.lines) == 1 else None,
        amount=snapshot.amount,
        cause=RefundCause.AT_PROVIDER,
        reason="",
        by=None,
        created_at=at,
        provider_ref=snapshot.provider_ref,
    )
    await unit.refunds.add(refund)
    refunds.append(refund)
    return refund
