"""What staff do about a refund that did not work: try it again, or pay the payer by other means. (REF-06)"""

from typing import Final
from uuid import UUID, uuid5

import msgspec

from application.billing.settlement import refundable, request_refund, settles
from domain.billing import ledger
from domain.billing.errors import RefundTooLarge, RefundUnderWay
from domain.billing.payment import Payment
from domain.billing.refund import Refund, RefundCause, RefundStatus, given_back, spoken_for
from domain.errors import Conflict, Invalid, NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import JournalId, PaymentId, RefundId
from domain.oversight.audit import Act
from ports.clock import Clock, NewId
from ports.outbox import Wakeup
from ports.unit_of_work import NewUnit, UnitOfWork

_AGAIN: Final = UUID("7f2f6d0a-3f5b-5a53-9a3f-2d5a7f0c9b61")
_NOT_LEFT: Final = "that is more than what is left of this payment"


class FailedRefund(msgspec.Struct, frozen=True, kw_only=True):
    """``refund_id`` is the one that failed, of that payment."""

    payment_id: PaymentId
    refund_id: RefundId
    reason: str = ""


class RetryRefund:
    """Answers the refund that takes its place: pressing twice makes one. What was paid for several lessons at once, and
    given back at the provider, is given back lesson by lesson instead.

    Raises NotPermitted, NotFound, Conflict for one that has not failed, RefundUnderWay, RefundTooLarge.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, wakeup: Wakeup) -> None:
        self._new_unit, self._clock, self._wakeup = new_unit, clock, wakeup

    async def __call__(self, actor: Actor, command: FailedRefund) -> Refund:
        actor.require(Permission.REFUND)
        again = _again(command.refund_id)
        async with self._new_unit() as unit:
            payment, failed, known = await _found(unit, command)
            if made := [refund for refund in known if refund.id == again]:
                return made[0]
            _require_failed(failed)
            if failed.booking_id is None:
                raise Conflict("give this money back lesson by lesson")
            if any(refund.is_under_way and refund.booking_id in (None, failed.booking_id) for refund in known):
                raise RefundUnderWay("money of this payment is going back right now; look again in a minute")
            left = refundable(payment, known, failed.booking_id)
            if not failed.amount <= left:
                raise RefundTooLarge(_NOT_LEFT, refundable=left.minor)
            refund = await request_refund(
                unit,
                payment,
                failed.amount,
                booking_id=failed.booking_id,
                cause=RefundCause.STAFF if failed.cause is RefundCause.AT_PROVIDER else failed.cause,
                reason=failed.reason,
                refund_id=again,
                at=self._clock.now(),
                by=actor.user_id,
            )
            unit.note(_act(actor, "billing.retry_refund", failed, after={"again": str(again)}))
            await unit.commit()
        await self._wakeup.nudge("refunds")
        return refund


class PayRefundOtherwise:
    """The payer has his money, by bank transfer or cash: the refund counts as given back, and the books say from where.
    There is no balance of a payer's yet that it could go to instead.

    Raises NotPermitted, NotFound, Invalid without a reason, RefundTooLarge, Conflict for one that has not failed.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id

    async def __call__(self, actor: Actor, command: FailedRefund) -> Refund:
        actor.require(Permission.REFUND)
        reason = command.reason.strip()
        if not reason:
            raise Invalid("say how the money reached the payer", field="reason")
        now = self._clock.now()
        async with self._new_unit() as unit:
            payment, failed, known = await _found(unit, command)
            _require_failed(failed)
            if any(refund.id == _again(failed.id) for refund in known):
                raise Conflict("this refund has been tried again; look at that one")
            left = payment.amount - spoken_for(known, payment.amount.currency)
            if failed.booking_id is not None:
                left = refundable(payment, known, failed.booking_id)
            if not failed.amount <= left:
                raise RefundTooLarge(_NOT_LEFT, refundable=left.minor)
            refund, told = failed.pay_otherwise(settles_booking=settles(payment, known, failed), at=now)
            await unit.refunds.save(refund)
            unit.record(told)
            deferred = await unit.ledger.deferred_left(payment.booking_ids, payment.amount.currency)
            journal_id = JournalId(self._new_id())
            await unit.ledger.post(ledger.paid_otherwise(refund, payment, deferred, journal_id=journal_id, at=now))
            settled = [refund if kept.id == refund.id else kept for kept in known]
            following = payment.refund(given_back(settled, payment.amount.currency))
            if following is not payment:
                await unit.payments.save(following)
            unit.note(_act(actor, "billing.pay_otherwise", failed, after={"status": refund.status}, reason=reason))
            await unit.commit()
        return refund


def _again(refund_id: RefundId) -> RefundId:
    return RefundId(uuid5(_AGAIN, str(refund_id)))


async def _found(unit: UnitOfWork, command: FailedRefund) -> tuple[Payment, Refund, list[Refund]]:
    payment = await unit.payments.lock(command.payment_id)
    known = list(await unit.refunds.of_payment(payment.id))
    for refund in known:
        if refund.id == command.refund_id:
            return payment, refund, known
    raise NotFound("there is no such refund")


def _require_failed(refund: Refund) -> None:
    if refund.status is not RefundStatus.FAILED:
        raise Conflict("a refund that is {status} has not failed", status=str(refund.status))


def _act(actor: Actor, action: str, failed: Refund, *, after: dict[str, str], reason: str = "") -> Act:
    return Act(
        actor=actor,
        action=action,
        subject=("payment", str(failed.payment_id)),
        before={"refund": str(failed.id), "status": failed.status, "minor": failed.amount.minor},
        after=after | {"currency": failed.amount.currency},
        reason=reason,
    )
