"""Refunds that did not work, sums that a provider has no coin for, and banks that take money back."""

import pytest

from application.billing.failed_refund import FailedRefund
from application.billing.request_refund import RequestRefundCommand
from domain.billing.events import DisputeClosed, DisputeOpened, RefundSucceeded
from domain.billing.ledger import DISPUTED, OUTSIDE, deferred, provider_account
from domain.billing.payment import Payment, PaymentStatus
from domain.billing.refund import RefundStatus
from domain.booking.booking import Status
from domain.errors import Conflict, Invalid, NotFound, NotPermitted
from domain.identity.actor import Party
from domain.ids import RefundId
from domain.money import Money
from fakes.booking import LEARNER, a_booking
from fakes.till import FINANCE, PAYER, PAYMENT, Till

PROVIDER, DEFERRED = provider_account("sandbox", "main"), deferred(LEARNER)
WHOLE = RequestRefundCommand(refund_id=RefundId(PAYMENT), payment_id=PAYMENT, reason="the line was bad")


async def a_failed_refund(*, after_success: bool = False) -> tuple[Till, Payment, FailedRefund]:
    """Of all that a lesson cost: refused at once, or sent back by the payer's bank days later."""
    till = Till()
    payment = await till.paid(a_booking())
    till.gateway.next_refunds = "succeeded" if after_success else "failed"
    await till.request_refund(FINANCE, WHOLE)
    await till.work()
    if after_success:
        till.gateway.settle_refund(str(till.refunds[0].provider_ref), "failed", "closed_account")
        await till.webhook("refund.failed", str(payment.provider_ref))
        await till.work()
    till.gateway.next_refunds = "succeeded"
    return till, payment, FailedRefund(payment_id=payment.id, refund_id=till.refunds[0].id, reason="Bank transfer")


@pytest.mark.parametrize("after_success", [False, True])
async def test_a_failed_refund_is_tried_again_once(after_success: bool) -> None:  # REF-06
    till, payment, failed = await a_failed_refund(after_success=after_success)

    first = await till.retry_refund(FINANCE, failed)
    again = await till.retry_refund(FINANCE, failed)
    await till.work()

    assert first.id == again.id
    assert [refund.status for refund in till.refunds] == [RefundStatus.FAILED, RefundStatus.SUCCEEDED]
    assert (till.payment(payment.id).status, till.balance(PROVIDER), till.balance(DEFERRED)) == ("refunded", 0, 0)
    assert [act.action for act in till.store.acts][-1] == "billing.retry_refund"


@pytest.mark.parametrize("after_success", [False, True])
async def test_a_failed_refund_is_paid_by_other_means(after_success: bool) -> None:  # REF-06
    till, payment, failed = await a_failed_refund(after_success=after_success)

    await till.pay_refund_otherwise(FINANCE, failed)
    await till.relay()

    assert till.payment(payment.id).status is PaymentStatus.REFUNDED
    assert [till.balance(account) for account in (PROVIDER, OUTSIDE, DEFERRED)] == [900, -900, 0]
    told = [event for event in till.store.events if isinstance(event, RefundSucceeded)][-1]
    assert (told.otherwise, told.settles_booking) == (True, True)
    assert till.store.acts[-1].reason == "Bank transfer"

    await till.webhook("refund.updated", str(payment.provider_ref))  # whatever the provider still says of it
    await till.work()
    assert till.payment(payment.id).status is PaymentStatus.REFUNDED
    with pytest.raises(Conflict):
        await till.pay_refund_otherwise(FINANCE, failed)


async def test_what_was_given_back_meanwhile_is_not_given_twice() -> None:
    till, _, failed = await a_failed_refund()
    await till.retry_refund(FINANCE, failed)

    with pytest.raises(Conflict):
        await till.pay_refund_otherwise(FINANCE, failed)
    await till.work()
    with pytest.raises(Conflict):
        await till.pay_refund_otherwise(FINANCE, failed)


async def test_a_failed_refund_is_put_right_by_those_who_may_with_a_reason() -> None:
    till, payment, failed = await a_failed_refund()

    with pytest.raises(NotPermitted):
        await till.retry_refund(PAYER, failed)
    with pytest.raises(Invalid):
        await till.pay_refund_otherwise(FINANCE, FailedRefund(payment_id=payment.id, refund_id=failed.refund_id))
    with pytest.raises(NotFound):
        await till.retry_refund(FINANCE, FailedRefund(payment_id=payment.id, refund_id=RefundId(payment.id)))


async def test_a_part_that_the_provider_cannot_give_back_is_refused_when_it_is_asked_for() -> None:  # PAYM-22
    till = Till()
    await till.paid(a_booking(price=Money(12_350, "KWD")))
    till.gateway.step = 10

    with pytest.raises(Invalid) as refused:
        await till.request_refund(
            FINANCE,
            RequestRefundCommand(
                refund_id=WHOLE.refund_id, payment_id=PAYMENT, reason="half", amount=Money(6175, "KWD")
            ),
        )

    assert refused.value.message == "this payment service gives back only multiples of 0.010 KWD"
    assert till.refunds == []


async def test_half_of_an_odd_sum_goes_back_as_the_next_one_the_provider_has() -> None:  # BOOK-10
    till = Till()
    payment = await till.paid(a_booking(price=Money(12_350, "KWD")))
    till.gateway.step = 10
    booking = till.booking(payment.booking_ids[0])
    cancelled, told = booking.cancel(by=Party.LEARNER, reason="ill", refund=Money(6175, "KWD"), at=till.clock.now())
    till.store.bookings[booking.id] = cancelled

    await till.happen(told)
    await till.work()

    assert till.booking(booking.id).status is Status.CANCELLED
    assert [refund.amount for refund in till.refunds] == [Money(6180, "KWD")]


@pytest.mark.parametrize("times", [1, 3])
async def test_what_a_bank_takes_is_booked_once_and_what_it_returns_too(times: int) -> None:  # PAYM-27, PAYM-28
    till = Till()
    payment = await till.paid(a_booking())
    ref = str(payment.provider_ref)

    till.gateway.dispute(ref)
    for _ in range(times):
        await till.webhook("dispute.created", ref)
        await till.process_webhooks()
    taken = [till.balance(account) for account in (PROVIDER, DISPUTED, DEFERRED)]
    till.gateway.dispute(ref, is_open=False, is_taken=False)
    for _ in range(times):
        await till.webhook("dispute.closed", ref)
        await till.process_webhooks()

    assert taken == [0, 900, -900]
    assert [till.balance(account) for account in (PROVIDER, DISPUTED, DEFERRED)] == [900, 0, -900]
    told = [type(event) for event in till.store.events if isinstance(event, DisputeOpened | DisputeClosed)]
    assert told == [DisputeOpened, DisputeClosed]


@pytest.mark.parametrize("times", [1, 3])
async def test_what_a_bank_takes_again_is_booked_again(times: int) -> None:  # PAYM-27, PAYM-28
    till = Till()
    payment = await till.paid(a_booking())
    ref, seen = str(payment.provider_ref), []

    for is_taken in (True, False, True, False, True):
        till.clock.advance(hours=1)
        till.gateway.dispute(ref, is_taken=is_taken)
        for _ in range(times):
            await till.webhook("dispute.funds_moved", ref)
            await till.process_webhooks()
        seen.append((till.balance(PROVIDER), till.balance(DISPUTED), till.balance(DEFERRED)))

    assert seen == [(0, 900, -900), (900, 0, -900), (0, 900, -900), (900, 0, -900), (0, 900, -900)]


async def test_a_question_of_a_bank_moves_no_money_and_a_lost_dispute_stays_the_schools_cost() -> None:
    till = Till()
    payment = await till.paid(a_booking())
    ref = str(payment.provider_ref)

    till.gateway.dispute(ref, is_taken=False, status="warning_needs_response")
    await till.webhook("dispute.created", ref)
    await till.process_webhooks()
    asked = till.balance(PROVIDER)
    till.gateway.dispute(ref, is_open=False, status="lost")
    await till.webhook("dispute.closed", ref)
    await till.process_webhooks()

    assert (asked, till.balance(PROVIDER), till.balance(DISPUTED)) == (900, 0, 900)
