"""Staff give money back: all of a payment, one of its lessons, or a part of one. (REF-02)"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import uuid5

import msgspec

from application.billing.settlement import refundable, request_refund
from domain.billing.errors import RefundTooLarge, RefundUnderWay
from domain.billing.payment import Payment
from domain.billing.refund import Refund, RefundCause, spoken_for
from domain.errors import Conflict, Invalid
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import BookingId, PaymentId, RefundId
from domain.money import Money, total
from domain.oversight.audit import Act
from ports.billing.gateway import Gateways
from ports.clock import Clock
from ports.outbox import Wakeup
from ports.unit_of_work import NewUnit


class RequestRefundCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``amount`` None: all that is left. Without ``booking_id``: of every lesson that the payment pays for.
    ``refund_id`` names the request, so that it can be made again.
    """

    refund_id: RefundId
    payment_id: PaymentId
    reason: str
    amount: Money | None = None
    booking_id: BookingId | None = None


class RefundPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What asking now would give back, of which lesson, and what could still go back after that. ``is_last``:
    nothing of what was paid stays.
    """

    parts: Mapping[BookingId, Money]
    total: Money
    left: Money

    @property
    def is_last(self) -> bool:
        return not self.left


class PreviewRefund:
    """Changes nothing. Raises what RequestRefund does, except that no reason is asked for yet."""

    def __init__(self, new_unit: NewUnit, gateways: Gateways) -> None:
        self._new_unit, self._gateways = new_unit, gateways

    async def __call__(self, actor: Actor, command: RequestRefundCommand) -> RefundPreview:
        actor.require(Permission.REFUND)
        async with self._new_unit() as unit:
            payment = await unit.payments.get(command.payment_id)
            known = await unit.refunds.of_payment(payment.id)
        wanted = _wanted(payment, known, command)
        _check(payment, known, wanted)
        require_expressible(self._gateways, payment, wanted.values())
        currency = payment.amount.currency
        parts = total(wanted.values(), currency)
        return RefundPreview(parts=wanted, total=parts, left=payment.amount - spoken_for(known, currency) - parts)


class RequestRefund:
    """Answers the refunds that are now on their way: one for each lesson.

    Raises NotPermitted, NotFound, Invalid, RefundTooLarge, RefundUnderWay, Conflict for a payment that is not paid.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, wakeup: Wakeup, gateways: Gateways) -> None:
        self._new_unit, self._clock, self._wakeup, self._gateways = new_unit, clock, wakeup, gateways

    async def __call__(self, actor: Actor, command: RequestRefundCommand) -> Sequence[Refund]:
        actor.require(Permission.REFUND)
        if not command.reason.strip():
            raise Invalid("say why the money goes back", field="reason")
        async with self._new_unit() as unit:
            payment = await unit.payments.lock(command.payment_id)
            known = await unit.refunds.of_payment(payment.id)
            wanted = _wanted(payment, known, command)
            ids = {booking_id: RefundId(uuid5(command.refund_id, str(booking_id))) for booking_id in wanted}
            made = [refund for refund in known if refund.id in _all_ids(payment, command)]
            if made:
                return made
            _check(payment, known, wanted)
            require_expressible(self._gateways, payment, wanted.values())
            refunds = [
                await request_refund(
                    unit,
                    payment,
                    amount,
                    booking_id=booking_id,
                    cause=RefundCause.STAFF,
                    reason=command.reason.strip(),
                    refund_id=ids[booking_id],
                    at=self._clock.now(),
                    by=actor.user_id,
                )
                for booking_id, amount in wanted.items()
            ]
            unit.note(
                Act(
                    actor=actor,
                    action="billing.refund",
                    subject=("payment", str(payment.id)),
                    before={"refunded_minor": payment.refunded.minor},
                    after={
                        "refunds": [
                            {"id": str(refund.id), "booking_id": str(refund.booking_id), "minor": refund.amount.minor}
                            for refund in refunds
                        ],
                        "currency": payment.amount.currency,
                    },
                    reason=command.reason.strip(),
                )
            )
            await unit.commit()
        await self._wakeup.nudge("refunds")
        return refunds


def _all_ids(payment: Payment, command: RequestRefundCommand) -> frozenset[RefundId]:
    return frozenset(RefundId(uuid5(command.refund_id, str(booking_id))) for booking_id in payment.booking_ids)


def _wanted(payment: Payment, known: Sequence[Refund], command: RequestRefundCommand) -> dict[BookingId, Money]:
    """How much of which lesson, nothing left out that is left."""
    of = payment.booking_ids if command.booking_id is None else (payment.line_of(command.booking_id).booking_id,)
    if command.amount is not None:
        if len(of) > 1:
            raise Invalid("say which lesson a part of this payment is for", field="booking_id")
        if command.amount.minor <= 0:
            raise Invalid("a refund gives something back", field="amount")
        return {of[0]: command.amount}
    left = {booking_id: refundable(payment, known, booking_id) for booking_id in of}
    return {booking_id: amount for booking_id, amount in left.items() if amount}


def require_expressible(gateways: Gateways, payment: Payment, amounts: Iterable[Money]) -> None:
    """Raises Invalid for a part that the provider has no coin for: KWD 1.005 at one that takes 1.000 or 1.010. All that
    is left of a payment always goes back: it came that way.
    """
    step = gateways.get(payment.provider, payment.account).step_of(payment.amount.currency)
    if any(amount.minor % step for amount in amounts):
        least = Money(step, payment.amount.currency)
        raise Invalid(
            "this payment service gives back only multiples of {least} {currency}",
            field="amount",
            least=str(least.amount),
            currency=least.currency,
        )


def _check(payment: Payment, known: Sequence[Refund], wanted: dict[BookingId, Money]) -> None:
    if not payment.is_paid:
        raise Conflict("a payment that is {status} has nothing to give back", status=str(payment.status))
    touched = frozenset(wanted) or frozenset(payment.booking_ids)
    if any(refund.is_under_way and refund.booking_id in touched | {None} for refund in known):
        raise RefundUnderWay("money of this payment is going back right now; look again in a minute")
    for booking_id, amount in wanted.items():
        left = refundable(payment, known, booking_id)
        if not amount <= left:
            raise RefundTooLarge("that is more than what is left of this payment", refundable=left.minor)
    if not wanted:
        raise RefundTooLarge("all of this payment has been given back", refundable=0)
