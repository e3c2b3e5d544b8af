"""From a hold to a paid lesson, and every way in which that can go wrong."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from application.billing.start_checkout import StartCheckoutCommand
from domain.billing.errors import CheckoutClosed, CheckoutRefused, NothingToPay
from domain.billing.events import PaymentCaptured, PaymentFailed
from domain.billing.ledger import deferred, provider_account
from domain.billing.payment import PaymentStatus
from domain.billing.refund import RefundCause, RefundStatus
from domain.booking.booking import Status
from domain.booking.errors import HoldOver
from domain.booking.events import BookingConfirmed, PaidTooLate
from domain.errors import NotPermitted
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import PaymentId, SeriesId, UserId
from domain.money import Money
from domain.onboarding.consent import CONSENT_POLICIES, ConsentKind, ConsentNeeded, ConsentText
from fakes.booking import LEARNER, OTHER_LEARNER, a_booking
from fakes.clock import NOON
from fakes.till import PAYER, PAYMENT, Till
from ports.errors import GatewayUnavailable
from support.family import put_policy

PROVIDER = provider_account("sandbox", "main")


def a_series(count: int) -> list[object]:
    series = SeriesId(UUID(int=0x5E))
    return [
        a_booking(number=n + 1, start=NOON + timedelta(days=2 + 7 * n), series_id=series, series_index=n)
        for n in range(count)
    ]


async def test_the_whole_path_from_hold_to_confirmed_lesson() -> None:  # BOOK-02
    till, booking = Till(), a_booking()

    payment = await till.paid(booking)

    assert payment.status is PaymentStatus.CAPTURED
    assert till.booking(booking.id).status is Status.CONFIRMED
    assert till.booking(booking.id).payment_id == payment.id
    assert till.balance(PROVIDER) == 900
    assert till.balance(deferred(LEARNER)) == -900
    assert [type(event) for event in till.store.events] == [PaymentCaptured, BookingConfirmed]


async def test_the_intent_stands_before_the_provider_is_asked_and_is_taken_up_again() -> None:
    till, booking = Till(), a_booking()
    till.gateway.down = True

    with pytest.raises(GatewayUnavailable):
        await till.checkout(booking)
    assert till.payment().status is PaymentStatus.CREATED
    assert till.booking(booking.id).status is Status.PENDING_PAYMENT

    till.gateway.down = False
    payment = await till.checkout(till.booking(booking.id), number=1)

    assert payment.id == PAYMENT
    assert payment.status is PaymentStatus.OPEN


async def test_a_lost_reply_opens_no_second_page() -> None:
    till, booking = Till(), a_booking()
    till.gateway.lose_replies = 1

    with pytest.raises(GatewayUnavailable):
        await till.checkout(booking)
    payment = await till.checkout(till.booking(booking.id), number=1)

    assert len(till.gateway.requests) == 1
    assert payment.url is not None


async def test_two_tabs_lead_to_one_page() -> None:
    till, booking = Till(), a_booking()

    first = await till.checkout(booking)
    second = await till.checkout(till.booking(booking.id), number=1)

    assert first.url == second.url
    assert len(till.store.shelf("payments")) == 1


async def test_lessons_of_a_series_are_paid_together() -> None:  # BOOK-12
    till, series = Till(), a_series(3)

    payment = await till.paid(*series)  # type: ignore[arg-type]

    assert payment.amount == Money(2700, "USD")
    assert {booking.status for booking in till.store.bookings.values()} == {Status.CONFIRMED}
    assert till.balance(PROVIDER) == 2700


async def test_one_pays_for_what_is_his_alone() -> None:
    till, booking = Till(), a_booking()
    till.store.bookings[booking.id] = booking
    stranger = Actor(user_id=OTHER_LEARNER, role=Role.STUDENT, audience=Audience.MAIN)
    qari = Actor(user_id=LEARNER, role=Role.QARI, audience=Audience.MAIN)
    command = StartCheckoutCommand(payment_id=PAYMENT, booking_id=booking.id)

    for actor in (stranger, qari):
        with pytest.raises(NotPermitted):
            await till.start_checkout(actor, command)


async def test_there_is_nothing_to_pay_for_what_is_free_paid_or_gone() -> None:
    free = a_booking(price=Money.zero("USD"))
    for booking in (free, a_booking(status=Status.CANCELLED), a_booking(status=Status.CONFIRMED)):
        with pytest.raises(NothingToPay):
            await Till().checkout(booking)


async def test_after_the_hold_there_is_no_paying_any_more() -> None:  # BOOK-04
    till, late = Till(), a_booking(hold_expires_at=NOON)
    with pytest.raises(HoldOver):
        await till.checkout(late)

    till, booking = Till(), a_booking()
    await till.checkout(booking)
    till.clock.advance(minutes=15)
    with pytest.raises(CheckoutClosed):
        await till.checkout(till.booking(booking.id), number=1)


async def test_a_refused_checkout_is_a_plain_no_and_may_be_tried_again() -> None:
    till, booking = Till(), a_booking()
    till.gateway.refuse = "amount_too_small"

    with pytest.raises(CheckoutRefused) as caught:
        await till.checkout(booking)

    assert caught.value.details == {"reason": "amount_too_small"}


async def test_the_provider_is_told_whom_and_what_it_is_about() -> None:  # BOOK-19
    till, booking = Till(), a_booking()

    payment = await till.checkout(booking)

    request = till.gateway.requests[str(payment.provider_ref)]
    assert request.metadata["booking"] == str(booking.id)
    assert request.reference == PAYMENT
    assert request.idempotency_key == str(PAYMENT)
    assert request.expires_at == booking.hold_expires_at
    assert request.success_url == f"https://halaqa.test/portal/payments/{PAYMENT}"


async def test_coming_back_from_the_page_proves_nothing() -> None:  # PAYM-02
    till, booking = Till(), a_booking()
    await till.checkout(booking)

    await till.work()

    assert till.payment().status is PaymentStatus.OPEN
    assert till.booking(booking.id).status is Status.PENDING_PAYMENT


async def test_a_declined_card_is_told_and_the_next_one_may_work() -> None:  # PAYM-25
    till, booking = Till(), a_booking()
    ref = str((await till.checkout(booking)).provider_ref)

    till.gateway.decline(ref, "insufficient_funds")
    await till.webhook("checkout.failed", ref)
    await till.process_webhooks()
    assert [event.decline_code for event in till.store.events if isinstance(event, PaymentFailed)] == [
        "insufficient_funds"
    ]

    till.gateway.pay(ref)
    await till.webhook("checkout.succeeded", ref)
    await till.work()
    assert till.booking(booking.id).status is Status.CONFIRMED


async def test_the_sweep_finds_what_no_webhook_told() -> None:  # PAYM-02
    till, booking = Till(), a_booking()
    ref = str((await till.checkout(booking)).provider_ref)
    till.gateway.pay(ref)

    assert await till.sweep_payments() == 0  # a webhook has its time
    till.clock.advance(minutes=3)
    assert await till.sweep_payments() == 1
    await till.relay()

    assert till.booking(booking.id).status is Status.CONFIRMED


async def test_the_sweep_closes_what_nobody_paid() -> None:
    till, booking = Till(), a_booking()
    ref = str((await till.checkout(booking)).provider_ref)
    till.clock.advance(minutes=17)

    await till.sweep_payments()

    assert till.payment().status is PaymentStatus.EXPIRED
    assert till.gateway.snapshot(ref).status == "expired"


async def test_the_sweep_survives_a_provider_that_is_away() -> None:
    till, booking = Till(), a_booking()
    await till.checkout(booking)
    till.gateway.down = True
    till.clock.advance(minutes=17)

    assert await till.sweep_payments() == 0
    till.gateway.down = False
    till.clock.advance(minutes=3)
    assert await till.sweep_payments() == 1


async def test_a_hold_that_ends_closes_the_page() -> None:
    till, booking = Till(), a_booking()
    ref = str((await till.checkout(booking)).provider_ref)
    till.clock.advance(minutes=15)
    expired, told = till.booking(booking.id).expire(at=till.clock.now())
    till.store.bookings[booking.id] = expired

    await till.happen(told)

    assert till.gateway.snapshot(ref).status == "expired"
    assert till.payment().status is PaymentStatus.EXPIRED


async def test_paid_too_late_with_the_time_gone_is_given_back_once() -> None:  # BOOK-04
    till, booking = Till(), a_booking()
    ref = str((await till.checkout(booking)).provider_ref)
    till.gateway.process(ref)
    till.clock.advance(minutes=16)
    expired, told = till.booking(booking.id).expire(at=till.clock.now())
    rival = a_booking(number=2, learner_id=OTHER_LEARNER, status=Status.CONFIRMED, hold_expires_at=None)
    till.store.bookings.update({booking.id: expired, rival.id: rival})
    await till.happen(told)
    assert till.payment().status is PaymentStatus.OPEN  # the bank is still at it

    till.gateway.settle(ref)
    await till.webhook("checkout.succeeded", ref, event_id="evt_late")
    await till.webhook("checkout.succeeded", ref, event_id="evt_again")
    await till.work()

    assert len([event for event in till.store.events if isinstance(event, PaidTooLate)]) == 1
    assert [(r.cause, r.status, r.amount) for r in till.refunds] == [
        (RefundCause.PAID_TOO_LATE, RefundStatus.SUCCEEDED, Money(900, "USD"))
    ]
    assert till.payment().status is PaymentStatus.REFUNDED
    assert till.booking(booking.id).status is Status.REFUNDED
    assert till.booking(rival.id).status is Status.CONFIRMED
    assert till.balance(PROVIDER) == till.balance(deferred(LEARNER)) == 0


async def test_paid_too_late_with_the_time_still_free_books_it_again() -> None:  # BOOK-04
    till, booking = Till(), a_booking()
    ref = str((await till.checkout(booking)).provider_ref)
    till.gateway.process(ref)
    expired, _ = till.booking(booking.id).expire(at=till.clock.advance(minutes=16))
    till.store.bookings[booking.id] = expired

    till.gateway.settle(ref)
    await till.webhook("checkout.succeeded", ref)
    await till.work()

    assert till.booking(booking.id).status is Status.CONFIRMED
    assert till.refunds == []


async def test_many_webhooks_at_once_capture_once() -> None:  # PAYM-04
    till, booking = Till(), a_booking()
    ref = str((await till.checkout(booking)).provider_ref)
    till.gateway.pay(ref)

    await asyncio.gather(*(till.webhook("checkout.succeeded", ref, event_id=f"evt_{n % 5}") for n in range(50)))
    await asyncio.gather(*(till.process_webhooks() for _ in range(5)))

    assert len(till.webhooks) == 5
    assert len([event for event in till.store.events if isinstance(event, PaymentCaptured)]) == 1
    assert till.balance(PROVIDER) == 900


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 1250), ("KWD", 3750)])
async def test_other_exponents_go_all_the_way(currency: str, minor: int) -> None:  # PAYM-22
    till = Till()

    payment = await till.paid(a_booking(price=Money(minor, currency)))

    assert payment.amount == Money(minor, currency)
    assert till.balance(PROVIDER, currency) == minor


async def test_a_payment_of_an_unknown_id_cannot_be_settled() -> None:
    payment = await Till().checkout(a_booking())

    assert payment.payer_id == PAYER.user_id == UserId(LEARNER)
    assert payment.id == PaymentId(PAYMENT)


async def test_who_did_not_book_it_himself_accepts_the_terms_before_he_pays() -> None:  # ONB-09
    till, booking = Till(), a_booking()
    await put_policy(till.unit, CONSENT_POLICIES[ConsentKind.TERMS], ConsentText(title="Terms", body="Be kind."))

    with pytest.raises(ConsentNeeded):
        await till.checkout(booking)

    assert till.booking(booking.id).status is Status.HELD
