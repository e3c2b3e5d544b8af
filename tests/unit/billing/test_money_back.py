"""Refunds by rule and by hand, and what lessons earn."""

import asyncio
from uuid import UUID

import msgspec
import pytest

from application.billing.request_refund import RequestRefundCommand
from application.billing.submit_refunds import LEASE
from domain.billing.errors import RefundTooLarge, RefundUnderWay
from domain.billing.events import RefundFailed, RefundSucceeded
from domain.billing.ledger import COMMISSION, GOODWILL, balances, deferred, provider_account, qari_account
from domain.billing.payment import Payment, PaymentStatus
from domain.billing.refund import RefundCause, RefundStatus
from domain.billing.snapshot import RefundSnapshot
from domain.booking.booking import Booking, Status
from domain.errors import Conflict, Invalid, NotPermitted
from domain.identity.actor import Party
from domain.ids import BookingId, RefundId
from domain.money import Money
from fakes.booking import LEARNER, a_booking
from fakes.scheduling import QARI
from fakes.till import ADMIN, FINANCE, PAYER, Till
from ports.errors import GatewayError

PROVIDER, DEFERRED, EARNED = provider_account("sandbox", "main"), deferred(LEARNER), qari_account(QARI)


async def a_paid_lesson() -> tuple[Till, Payment, Booking]:
    till = Till()
    payment = await till.paid(a_booking())
    return till, payment, till.booking(payment.booking_ids[0])


async def cancel(till: Till, booking: Booking, refund: int) -> None:
    cancelled, told = booking.cancel(by=Party.LEARNER, reason="ill", refund=Money(refund, "USD"), at=till.clock.now())
    till.store.bookings[booking.id] = cancelled
    await till.happen(told)


def command(
    payment: Payment, amount: int | None = None, *, booking_id: BookingId | None = None, number: int = 1
) -> RequestRefundCommand:
    return RequestRefundCommand(
        refund_id=RefundId(UUID(int=0x4EF + number)),
        payment_id=payment.id,
        reason="the line was bad",
        amount=Money(amount, "USD") if amount is not None else None,
        booking_id=booking_id,
    )


async def test_an_early_cancellation_gives_everything_back() -> None:  # BOOK-10
    till, payment, booking = await a_paid_lesson()

    await cancel(till, booking, 900)
    await till.work()

    assert till.payment(payment.id).status is PaymentStatus.REFUNDED
    assert till.booking(booking.id).status is Status.REFUNDED
    assert not any(balances(till.journals).values())


async def test_a_late_cancellation_gives_half_back_and_the_qari_earns_of_the_other() -> None:  # BOOK-10, EARN-01
    till, payment, booking = await a_paid_lesson()

    await cancel(till, booking, 450)
    await till.work()

    assert till.payment(payment.id).status is PaymentStatus.PARTIALLY_REFUNDED
    assert till.booking(booking.id).status is Status.CANCELLED
    assert till.balance(PROVIDER) == 450
    assert till.balance(DEFERRED) == 0
    assert till.balance(EARNED) == -360
    assert till.balance(COMMISSION) == -90


async def test_hearing_of_it_twice_gives_back_once() -> None:
    till, _, booking = await a_paid_lesson()
    cancelled, told = booking.cancel(by=Party.QARI, reason="ill", refund=booking.price, at=till.clock.now())
    till.store.bookings[booking.id] = cancelled
    await till.happen(told)
    event_id = UUID(int=0xE)
    for _ in range(2):
        await till.handlers["billing.refund_cancelled"](event_id, told)
        await till.handlers["billing.earn"](event_id, told)

    await till.work()

    assert len(till.refunds) == 1
    assert till.balance(PROVIDER) == 0


async def test_a_held_lesson_and_a_learner_who_stays_away_earn_the_same() -> None:  # EARN-01
    for outcome in ("complete", "mark_student_no_show"):
        till, _, booking = await a_paid_lesson()
        till.clock.set(booking.slot.start)
        ended, told = getattr(booking, outcome)(at=till.clock.now())
        till.store.bookings[booking.id] = ended

        await till.happen(told, told)

        assert till.balance(EARNED) == -720
        assert till.balance(COMMISSION) == -180
        assert till.balance(DEFERRED) == 0


async def test_a_qari_who_stays_away_earns_nothing_and_the_learner_is_made_whole() -> None:  # BOOK-11
    till, payment, booking = await a_paid_lesson()
    till.clock.set(booking.slot.start)
    missed, told = booking.mark_teacher_no_show(at=till.clock.now())
    till.store.bookings[booking.id] = missed

    await till.happen(told)
    await till.work()

    assert [refund.cause for refund in till.refunds] == [RefundCause.TEACHER_NO_SHOW]
    assert till.payment(payment.id).status is PaymentStatus.REFUNDED
    assert till.balance(EARNED) == till.balance(PROVIDER) == 0


async def test_giving_up_a_hold_moves_no_money() -> None:
    till, booking = Till(), a_booking()
    await till.checkout(booking)
    given_up, told = till.booking(booking.id).cancel(
        by=Party.LEARNER, reason="", refund=Money.zero("USD"), at=till.clock.now()
    )
    till.store.bookings[booking.id] = given_up

    await till.happen(told)

    assert till.journals == []
    assert till.payment().status is PaymentStatus.EXPIRED


async def test_staff_refund_partly_and_then_the_rest() -> None:  # REF-02
    till, payment, _ = await a_paid_lesson()

    await till.request_refund(FINANCE, command(payment, 400))
    await till.work()
    assert till.payment(payment.id).refunded == Money(400, "USD")

    with pytest.raises(RefundTooLarge) as caught:
        await till.request_refund(FINANCE, command(payment, 501, number=2))
    assert caught.value.details == {"refundable": 500}

    await till.request_refund(FINANCE, command(payment, number=3))
    await till.work()
    assert till.payment(payment.id).status is PaymentStatus.REFUNDED
    with pytest.raises(RefundTooLarge):
        await till.request_refund(FINANCE, command(payment, number=4))


async def test_of_two_admins_at_once_one_gives_back() -> None:  # REF-02
    till, payment, _ = await a_paid_lesson()

    results = await asyncio.gather(
        till.request_refund(ADMIN, command(payment, 400, number=1)),
        till.request_refund(FINANCE, command(payment, 400, number=2)),
        return_exceptions=True,
    )

    assert [type(result) for result in results].count(RefundUnderWay) == 1
    assert len(till.refunds) == 1


async def test_the_same_request_again_answers_the_same_refund() -> None:  # API-07
    till, payment, _ = await a_paid_lesson()

    first = await till.request_refund(ADMIN, command(payment, 400))
    second = await till.request_refund(ADMIN, command(payment, 400))

    assert list(first) == list(second)
    assert len(till.refunds) == 1


async def test_what_is_not_paid_is_not_given_back() -> None:
    till = Till()
    payment = await till.checkout(a_booking())

    with pytest.raises(Conflict):
        await till.request_refund(ADMIN, command(payment))
    with pytest.raises(NotPermitted):
        await till.request_refund(PAYER, command(payment))
    with pytest.raises(Invalid):
        await till.request_refund(ADMIN, msgspec.structs.replace(command(payment), reason=" "))


async def test_a_refund_after_the_lesson_is_the_schools_cost() -> None:
    till, payment, booking = await a_paid_lesson()
    till.clock.set(booking.slot.start)
    held, told = booking.complete(at=till.clock.now())
    till.store.bookings[booking.id] = held
    await till.happen(told)

    await till.request_refund(ADMIN, command(payment, 300))
    await till.work()

    assert till.balance(EARNED) == -720  # EARN-05: nothing is clawed back
    assert till.balance(GOODWILL) == 300
    assert till.balance(PROVIDER) == 600


async def test_a_refund_whose_reply_is_lost_is_made_once() -> None:
    till, payment, _ = await a_paid_lesson()
    await till.request_refund(ADMIN, command(payment))
    till.gateway.lose_replies = 1

    await till.submit_refunds()
    assert [refund.status for refund in till.refunds] == [RefundStatus.SUBMITTED]
    till.clock.advance(minutes=5)
    await till.submit_refunds()

    assert [refund.status for refund in till.refunds] == [RefundStatus.SUCCEEDED]
    assert len(till.gateway.snapshot(str(payment.provider_ref)).refunds) == 1
    assert till.payment(payment.id).status is PaymentStatus.REFUNDED


async def test_a_worker_that_dies_with_a_refund_in_hand_is_succeeded() -> None:
    till, payment, _ = await a_paid_lesson()
    await till.request_refund(ADMIN, command(payment))
    async with till.unit() as unit:
        await unit.refunds.claim_unsubmitted(now=till.clock.now(), lease=LEASE, limit=5)
        await unit.commit()

    assert await till.submit_refunds() == 0
    till.clock.advance(LEASE)
    assert await till.submit_refunds() == 1
    assert [refund.status for refund in till.refunds] == [RefundStatus.SUCCEEDED]


async def test_a_refund_the_provider_will_not_make_is_told_to_people() -> None:
    till, payment, _ = await a_paid_lesson()
    await till.request_refund(ADMIN, command(payment))
    till.gateway.refuse = "charge_disputed"

    await till.submit_refunds()

    assert [refund.status for refund in till.refunds] == [RefundStatus.FAILED]
    assert [event.cause for event in till.store.events if isinstance(event, RefundFailed)] == ["charge_disputed"]
    assert till.payment(payment.id).status is PaymentStatus.CAPTURED
    till.gateway.refuse = ""
    await till.request_refund(ADMIN, command(payment, number=2))  # and may be tried anew


async def test_a_pending_refund_is_finished_by_the_sweep_and_may_bounce_later() -> None:
    till, payment, _ = await a_paid_lesson()
    till.gateway.next_refunds = "pending"
    await till.request_refund(ADMIN, command(payment))
    await till.submit_refunds()
    assert [refund.status for refund in till.refunds] == [RefundStatus.PENDING]
    assert till.balance(PROVIDER) == 900

    till.gateway.settle_refund(str(till.refunds[0].provider_ref))
    till.clock.advance(minutes=5)
    await till.sweep_payments()
    assert till.payment(payment.id).status is PaymentStatus.REFUNDED
    assert till.balance(PROVIDER) == 0

    till.gateway.settle_refund(str(till.refunds[0].provider_ref), "failed", "closed_account")
    await till.webhook("refund.failed", str(payment.provider_ref))
    await till.process_webhooks()
    assert till.payment(payment.id).status is PaymentStatus.CAPTURED
    assert till.balance(PROVIDER) == 900
    assert till.balance(DEFERRED) == -900


async def test_a_refund_made_in_the_providers_dashboard_becomes_one_of_ours() -> None:
    till, payment, booking = await a_paid_lesson()
    ref = str(payment.provider_ref)
    theirs = RefundSnapshot(provider_ref="re_x", reference=None, amount=Money(250, "USD"), status="succeeded")
    till.gateway._store_refunds(ref, (theirs,))

    for number in range(2):
        await till.webhook("refund.created", ref, event_id=f"evt_{number}")
        await till.process_webhooks()

    assert [(refund.cause, refund.booking_id) for refund in till.refunds] == [(RefundCause.AT_PROVIDER, booking.id)]
    assert till.payment(payment.id).refunded == Money(250, "USD")
    assert till.balance(PROVIDER) == 650


async def test_the_last_refund_of_a_lesson_settles_it() -> None:
    till, payment, _ = await a_paid_lesson()
    for number, amount in enumerate((400, 500)):
        await till.request_refund(ADMIN, command(payment, amount, number=number))
        await till.work()

    told = [event for event in till.store.events if isinstance(event, RefundSucceeded)]
    assert [event.settles_booking for event in told] == [False, True]


async def test_a_provider_that_is_away_delays_refunds_and_loses_none() -> None:
    till, payment, _ = await a_paid_lesson()
    await till.request_refund(ADMIN, command(payment))
    till.gateway.down = True

    for _ in range(5):
        await till.submit_refunds()
        till.clock.advance(hours=1)
    with pytest.raises(GatewayError):
        await till.gateway.fetch(str(payment.provider_ref))
    till.gateway.down = False
    await till.submit_refunds()

    assert [refund.status for refund in till.refunds] == [RefundStatus.SUCCEEDED]
