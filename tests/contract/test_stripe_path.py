"""The whole path of a payment over Stripe: our use cases on one side, a stand-in that holds every request against the
published contract on the other. Its webhooks come shuffled and twice; what ends right is what counts.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from application.billing.pay_here import OpenPaymentPage, PayOnTheirPage
from application.billing.request_refund import RequestRefundCommand
from application.billing.start_checkout import StartCheckoutCommand, request_of
from domain.billing.errors import CheckoutClosed
from domain.billing.events import DisputeClosed, DisputeOpened, PaymentCaptured
from domain.billing.ledger import DISPUTED, provider_account
from domain.billing.payment import CheckoutMode, Payment, PaymentStatus
from domain.billing.refund import RefundStatus
from domain.billing.webhook_event import WebhookStatus
from domain.booking.booking import Status
from domain.ids import RefundId
from fakes.booking import a_booking
from fakes.clock import FixedClock
from fakes.till import FINANCE, PAYER, PAYMENT, Till
from ports.errors import GatewayUnavailable
from support.faulty import FAULTS, Fault, Line, faulty
from support.oracles import Oracle, stripe_oracle
from support.sandbox import Receiver, receiver
from support.stripe import SECRET, a_stripe_gateway

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with stripe_oracle(tmp_path_factory.mktemp("stripe")) as running:
        yield running


@pytest.fixture(scope="module")
def line(oracle: Oracle) -> Iterator[Line]:
    with faulty(oracle.url, hang_s=1.0) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def received() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


@pytest.fixture
async def till(oracle: Oracle, line: Line, received: Receiver) -> AsyncIterator[Till]:
    oracle.admin("reset")
    line.heal()
    received.received.clear()

    async with httpx.AsyncClient(trust_env=False) as client:
        made = Till(gateway=lambda clock: a_stripe_gateway(line.url, client, attempts=1, timeout_s=1.2, failures=99))
        made.clock.set(datetime.now(UTC))
        yield made
    assert oracle.violations() == []


def a_hold(clock: FixedClock) -> Any:
    now = clock.now()
    return a_booking(created_at=now, start=now + timedelta(days=2), hold_expires_at=now + timedelta(minutes=15))


async def opened(till: Till, mode: CheckoutMode = CheckoutMode.HOSTED) -> Payment:
    payment = await till.checkout(a_hold(till.clock))
    if mode is CheckoutMode.HOSTED:
        return payment
    moved = payment.move_to(mode)
    checkout = await till.gateway.open_checkout(request_of(moved))
    moved = moved.open(provider_ref=checkout.provider_ref, url=checkout.url)
    till.store.shelf("payments")[payment.id] = moved
    return moved


async def delivered(till: Till, received: Receiver) -> None:
    """Every webhook that has come so far reaches us, twice, in no order."""
    letters = list(received.received) * 2
    random.Random(7).shuffle(letters)
    received.received.clear()
    for one in letters:
        await till.receive_webhook("stripe", "main", one.raw, one.headers)
    till.clock.set(datetime.now(UTC))
    await till.work()


async def told(oracle: Oracle, received: Receiver, what: str, **given: Any) -> Any:
    hook = {"url": received.url, "secret": SECRET, "shuffle": True, "count": 2}
    return await asyncio.to_thread(lambda: oracle.admin(what, webhook=hook, **given))


def captures(till: Till) -> int:
    return sum(isinstance(event, PaymentCaptured) for event in till.store.events)


@pytest.mark.parametrize("sequence", range(5))
async def test_however_its_webhooks_come_a_lesson_is_paid_once(
    till: Till, oracle: Oracle, received: Receiver, sequence: int
) -> None:  # PAYM-04, PAYM-06
    payment = await opened(till)
    random.seed(sequence)

    await told(oracle, received, "complete", session=payment.provider_ref, outcome="declined")
    await told(oracle, received, "complete", session=payment.provider_ref)
    await delivered(till, received)

    assert (till.payment().status, captures(till)) == (PaymentStatus.CAPTURED, 1)
    assert till.booking(payment.booking_ids[0]).status is Status.CONFIRMED
    assert {event.status for event in till.webhooks} <= {WebhookStatus.PROCESSED, WebhookStatus.IGNORED}
    assert till.payment().charge_ref is not None  # BOOK-19


async def test_a_declined_try_is_told_though_the_checkout_forgets_it(
    till: Till, oracle: Oracle, received: Receiver
) -> None:  # PAYM-25
    payment = await opened(till)

    await told(oracle, received, "complete", session=payment.provider_ref, outcome="declined")
    await delivered(till, received)

    assert (till.payment().status, till.payment().decline_code) == (PaymentStatus.OPEN, "insufficient_funds")


@pytest.mark.parametrize(
    ("outcome", "status"), [("paid", PaymentStatus.CAPTURED), ("failed", PaymentStatus.FAILED_FINAL)]
)
async def test_a_slow_bank_is_waited_for(
    till: Till, oracle: Oracle, received: Receiver, outcome: str, status: PaymentStatus
) -> None:
    payment = await opened(till)

    await told(oracle, received, "complete", session=payment.provider_ref, outcome="delayed")
    await delivered(till, received)
    assert till.payment().status is PaymentStatus.OPEN
    await told(oracle, received, "settle", session=payment.provider_ref, outcome=outcome)
    await delivered(till, received)

    assert till.payment().status is status


async def test_a_refund_that_fails_days_later_gives_the_payment_back_what_it_lost(
    till: Till, oracle: Oracle, received: Receiver
) -> None:  # REF-06
    payment = await opened(till)
    await told(oracle, received, "complete", session=payment.provider_ref)
    await delivered(till, received)
    await till.request_refund(
        FINANCE, RequestRefundCommand(refund_id=RefundId(UUID(int=7)), payment_id=payment.id, reason="ill")
    )
    await till.work()
    (refund,) = till.refunds
    assert (refund.status, till.payment().status) == (RefundStatus.SUCCEEDED, PaymentStatus.REFUNDED)

    await told(oracle, received, "refund_settles", refund=refund.provider_ref, outcome="failed")
    await delivered(till, received)

    assert (till.refunds[0].status, till.refunds[0].failure) == (RefundStatus.FAILED, "lost_or_stolen_card")
    assert till.payment().status is PaymentStatus.CAPTURED


async def test_a_dispute_is_noted_once_and_closed_once(till: Till, oracle: Oracle, received: Receiver) -> None:
    payment = await opened(till)
    await told(oracle, received, "complete", session=payment.provider_ref)
    await delivered(till, received)

    said = await told(oracle, received, "dispute", payment_intent=till.payment().charge_ref, reason="fraudulent")
    await delivered(till, received)
    (dispute,) = till.store.shelf("disputes").values()
    assert (dispute.is_open, dispute.reason, dispute.amount) == (True, "fraudulent", payment.amount)
    ref = said["events"][0]["data"]["object"]["id"]
    oracle.admin("put", object="dispute", id=ref, status="lost")
    hook = {"url": received.url, "secret": SECRET, "type": "charge.dispute.closed", "object": {"id": ref}}
    await asyncio.to_thread(lambda: oracle.admin("webhook", **hook))
    await delivered(till, received)

    (dispute,) = till.store.shelf("disputes").values()
    assert (dispute.is_open, dispute.status) == (False, "lost")
    kinds = [type(event) for event in till.store.events if isinstance(event, DisputeOpened | DisputeClosed)]
    assert kinds == [DisputeOpened, DisputeClosed]


async def test_what_stripe_moves_for_a_dispute_is_in_the_books(till: Till, oracle: Oracle, received: Receiver) -> None:
    # PAYM-27, PAYM-28: withdrawn, reinstated, withdrawn again
    payment = await opened(till)
    await told(oracle, received, "complete", session=payment.provider_ref)
    await delivered(till, received)
    said = await told(oracle, received, "dispute", payment_intent=till.payment().charge_ref, reason="fraudulent")
    await delivered(till, received)
    dispute, amount = said["events"][0]["data"]["object"], payment.amount.minor
    provider, seen = provider_account("stripe", payment.account), []
    moved: list[dict[str, object]] = []

    for kind, sign in (("funds_withdrawn", -1), ("funds_reinstated", 1), ("funds_withdrawn", -1)):
        moved.append(a_movement(f"txn_{len(moved)}", sign * dispute["amount"], dispute["currency"]))
        oracle.admin("put", object="dispute", id=dispute["id"], balance_transactions=moved)
        hook = {
            "url": received.url,
            "secret": SECRET,
            "type": f"charge.dispute.{kind}",
            "object": {"id": dispute["id"]},
        }
        await asyncio.to_thread(lambda hook=hook: oracle.admin("webhook", **hook))  # type: ignore[misc]
        await delivered(till, received)
        (kept,) = till.store.shelf("disputes").values()
        seen.append((kept.is_taken, till.balance(provider), till.balance(DISPUTED)))

    assert seen == [(True, 0, amount), (False, amount, 0), (True, 0, amount)]


def a_movement(ref: str, amount: int, currency: str) -> dict[str, object]:
    """On the balance of the school's account, as Stripe lists it with a dispute."""
    return {
        "id": ref,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": 1_790_000_000,
        "created": 1_790_000_000,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": 0,
        "fee_details": [],
        "net": amount,
        "reporting_category": "dispute",
        "source": None,
        "status": "available",
        "type": "adjustment",
        "balance_type": "payments",
    }


@pytest.mark.parametrize("mode", [CheckoutMode.EMBEDDED, CheckoutMode.DIRECT])
async def test_who_cannot_pay_in_our_page_pays_on_theirs(
    till: Till, oracle: Oracle, received: Receiver, mode: CheckoutMode
) -> None:  # PAYM-09
    payment = await opened(till, mode)
    open_page = OpenPaymentPage(till.unit, till.clock, till.gateways)
    leave = PayOnTheirPage(till.unit, till.clock, till.gateways, till.settle_payment)
    shown = await open_page(PAYER, payment.id)
    assert shown is not None
    assert (shown.mode, set(shown.values)) == (mode, {"client_secret", "publishable_key"})

    moved = await leave(PAYER, payment.id)
    again = await leave(PAYER, payment.id)

    assert moved == again
    assert str(moved.url).startswith("https://checkout.stripe.com/")
    assert (await till.gateway.fetch(str(payment.provider_ref))).status == "expired"
    assert await open_page(PAYER, payment.id) is None
    await told(oracle, received, "complete", session=moved.provider_ref)
    await delivered(till, received)
    assert (till.payment().status, captures(till)) == (PaymentStatus.CAPTURED, 1)
    with pytest.raises(CheckoutClosed):
        await open_page(PAYER, payment.id)


async def test_what_was_paid_while_leaving_has_been_paid(till: Till, oracle: Oracle) -> None:
    payment = await opened(till, CheckoutMode.EMBEDDED)
    oracle.admin("complete", session=payment.provider_ref)
    leave = PayOnTheirPage(till.unit, till.clock, till.gateways, till.settle_payment)

    assert (await leave(PAYER, payment.id)).status is PaymentStatus.CAPTURED


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_checkout_that_met_a_fault_is_opened_and_paid_once(
    till: Till, oracle: Oracle, line: Line, received: Receiver, fault: Fault
) -> None:  # OPS-12
    line.next(fault, "POST /v1/checkout/sessions")
    with pytest.raises(GatewayUnavailable):
        await opened(till)

    payment = await till.start_checkout(
        PAYER, StartCheckoutCommand(payment_id=PAYMENT, booking_id=a_hold(till.clock).id)
    )
    line.next(fault, "GET /v1/checkout/sessions")
    await told(oracle, received, "complete", session=payment.provider_ref)
    await delivered(till, received)
    till.clock.advance(minutes=1)
    await till.work()

    sessions = [found for found in oracle.admin("objects") if found["object"] == "checkout.session"]
    assert (len(sessions), till.payment().status, captures(till)) == (1, PaymentStatus.CAPTURED, 1)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_refund_that_met_a_fault_goes_back_once(
    till: Till, oracle: Oracle, line: Line, received: Receiver, fault: Fault
) -> None:  # OPS-12
    payment = await opened(till)
    await told(oracle, received, "complete", session=payment.provider_ref)
    await delivered(till, received)
    line.next(fault, "POST /v1/refunds")
    await till.request_refund(
        FINANCE, RequestRefundCommand(refund_id=RefundId(UUID(int=7)), payment_id=payment.id, reason="ill")
    )

    await till.work()
    till.clock.advance(minutes=5)
    await till.work()

    made = [found for found in oracle.admin("objects") if found["object"] == "refund"]
    assert (len(made), [refund.status for refund in till.refunds]) == (1, [RefundStatus.SUCCEEDED])
    assert sum(till.balance(account) for account in {entry.account for j in till.journals for entry in j.entries}) == 0
