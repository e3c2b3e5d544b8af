"""Razorpay against a strict stand-in: what its orders, captures and signatures ask for beyond the common promises, and
each fault of each call on the path from the checkout to the refund. (PAYM-01, PAYM-02, BOOK-19)
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from adapters.payments.razorpay.accounts import read_accounts
from adapters.payments.razorpay.declines import _WORDS, decline_code
from adapters.payments.razorpay.gateway import EVENT_ID, RazorpayGateway
from application.billing.request_refund import RequestRefundCommand
from domain.billing.decline import DECLINES
from domain.billing.ledger import provider_account
from domain.billing.payment import CheckoutMode, PaymentStatus
from domain.billing.refund import RefundStatus
from domain.booking.booking import Status
from domain.ids import PaymentId, RefundId
from domain.money import Money
from fakes.booking import a_booking
from fakes.clock import NOON, FixedClock
from fakes.till import ADMIN, Till
from ports.billing.gateway import PAY_HERE, BadSignature, CheckoutRequest, PaymentSnapshot, RefundRequest
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent
from standins.razorpay import Razorpay, razorpay
from support.faulty import FAULTS, Fault, faulty
from support.razorpay import a_razorpay_gateway

pytestmark = pytest.mark.slow

RUPEES = Money(150_000, "INR")


@pytest.fixture
def there() -> Iterator[Razorpay]:
    with razorpay() as provider:
        yield provider
    assert provider.violations == []


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield http


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def gateway(there: Razorpay, client: httpx.AsyncClient, clock: FixedClock) -> RazorpayGateway:
    return a_razorpay_gateway(there, client, clock=clock)


def a_request(**changes: Any) -> CheckoutRequest:
    payment_id = PaymentId(uuid4())
    request = CheckoutRequest(
        reference=payment_id,
        idempotency_key=str(payment_id),
        amount=RUPEES,
        description="Quran lesson",
        payer_email="mariam@example.org",
        success_url="https://halaqa.test/done",
        cancel_url="https://halaqa.test/back",
        expires_at=NOON + timedelta(minutes=15),
        metadata={"payment": str(payment_id), "payer": "p-1", "booking": "b-1"},
    )
    return msgspec.structs.replace(request, **changes)


def a_refund(ref: str, amount: Money = RUPEES) -> RefundRequest:
    refund_id = RefundId(uuid4())
    return RefundRequest(
        reference=refund_id, idempotency_key=str(refund_id), provider_ref=ref, amount=amount, reason="ill"
    )


async def opened(gateway: RazorpayGateway, **changes: Any) -> str:
    return (await gateway.open_checkout(a_request(**changes))).provider_ref


async def test_an_order_carries_our_ids_and_ours_carries_its(there: Razorpay, gateway: RazorpayGateway) -> None:
    request = a_request()

    checkout = await gateway.open_checkout(request)

    order = there.orders[checkout.provider_ref]
    assert (order["receipt"], order["amount"], order["currency"]) == (str(request.reference), 150_000, "INR")
    assert request.metadata.items() <= order["notes"].items()  # BOOK-19
    assert "mariam@example.org" not in str(order)
    assert (await gateway.fetch(checkout.provider_ref)).reference == request.reference


@pytest.mark.parametrize("honored", [True, False])
async def test_a_receipt_has_one_order_whether_or_not_the_provider_sees_to_it(
    there: Razorpay, gateway: RazorpayGateway, honored: bool
) -> None:
    there.honors_unique_receipts = honored
    request = a_request()

    refs = {(await gateway.open_checkout(request)).provider_ref for _ in range(3)}

    assert refs == set(there.orders)


@pytest.mark.parametrize(("minor", "currency", "code"), [
    (99, "INR", "amount_too_small"), (990, "KWD", "amount_too_small"), (12_345, "KWD", "amount_not_supported"),
])  # fmt: skip
async def test_what_it_cannot_take_never_leaves(
    there: Razorpay, gateway: RazorpayGateway, minor: int, currency: str, code: str
) -> None:
    with pytest.raises(GatewayRefused) as refused:
        await opened(gateway, amount=Money(minor, currency))

    assert (refused.value.code, there.seen) == (code, [])  # PAYM-22


async def test_the_page_is_a_plain_form_with_nothing_secret_in_it(
    there: Razorpay, gateway: RazorpayGateway, client: httpx.AsyncClient
) -> None:
    checkout = await gateway.open_checkout(a_request())
    page = await gateway.payment_page(checkout.provider_ref)
    backs = {page.return_field: "https://halaqa.test/r", page.cancel_field: "https://halaqa.test/c"}

    shown = await client.post(page.form, data=page.values | backs)

    assert (checkout.url, page.mode, page.script) == (PAY_HERE, CheckoutMode.HOSTED, "")
    assert there.key_secret not in str(page.values)
    assert shown.json() == {
        "page": checkout.provider_ref, "callback_url": "https://halaqa.test/r", "cancel_url": "https://halaqa.test/c",
    }  # fmt: skip


async def test_what_is_paid_closed_or_over_has_no_page(
    there: Razorpay, gateway: RazorpayGateway, clock: FixedClock
) -> None:
    paid, closed, over = [await opened(gateway) for _ in range(3)]
    there.pay(paid)
    await gateway.fetch(paid)
    await gateway.expire(closed)

    for ref in (paid, closed):
        with pytest.raises(GatewayRefused, match="no longer be paid"):
            await gateway.payment_page(ref)
    assert (await gateway.payment_page(over)).values["order_id"] == over
    clock.advance(timedelta(minutes=17))
    with pytest.raises(GatewayRefused, match="no longer be paid"):
        await gateway.payment_page(over)


async def test_a_signature_proves_one_payment_of_one_order_of_ours(there: Razorpay, gateway: RazorpayGateway) -> None:
    mine, other = await opened(gateway), await opened(gateway)
    brought = there.pay(mine)
    elsewhere = there.pay(other)

    assert gateway.proves(mine, brought)
    assert not gateway.proves(other, brought)  # the browser's own word for the order counts for nothing: PAYM-02
    assert not gateway.proves(mine, elsewhere | {"razorpay_order_id": mine})
    assert not gateway.proves(mine, {})
    assert not gateway.proves(mine, brought | {"razorpay_signature": "é"})
    assert not gateway.proves(mine, brought | {"razorpay_payment_id": "pay_00000000000000"})


async def test_what_the_bank_allows_is_taken_once(there: Razorpay, gateway: RazorpayGateway) -> None:
    ref = await opened(gateway)
    there.pay(ref)

    snapshots = [await gateway.fetch(ref) for _ in range(3)]

    assert [snapshot.status for snapshot in snapshots] == ["succeeded"] * 3
    assert snapshots[0].charge_ref == there.payment_of(ref)["id"]
    assert len([call for call in there.seen if call.endswith("/capture")]) == 1


async def test_an_account_that_captures_by_itself_is_none_the_worse(client: httpx.AsyncClient) -> None:
    with razorpay(captures=True) as there:
        gateway = a_razorpay_gateway(there, client)
        ref = await opened(gateway, expires_at=datetime.now(UTC) + timedelta(minutes=15))
        there.pay(ref)

        assert (await gateway.fetch(ref)).is_paid
        late = await opened(gateway, expires_at=datetime.now(UTC) + timedelta(minutes=15))
        await gateway.expire(late)
        there.pay(late)
        assert (await gateway.fetch(late)).is_paid  # money that came has come: it is refunded by us
        assert not [call for call in there.seen if call.endswith("/capture")]
        assert there.violations == []


async def test_somebody_else_captured_a_moment_before(there: Razorpay, gateway: RazorpayGateway) -> None:
    ref = await opened(gateway)
    there.pay(ref)
    payment = there.payment_of(ref)
    read = gateway._client.payments_of

    async def seen_before(order_id: str) -> Any:
        found = await read(order_id)
        there._take(there.payments[payment["id"]])
        return found

    gateway._client.payments_of = seen_before  # type: ignore[method-assign]

    assert (await gateway.fetch(ref)).is_paid


async def test_a_bank_that_says_yes_after_all_is_heard(there: Razorpay, gateway: RazorpayGateway) -> None:
    ref = await opened(gateway)
    payment_id = there.fail(ref, "payment_timed_out")
    assert (await gateway.fetch(ref)).decline_code == "payment_timed_out"

    there.authorize_late(payment_id)

    assert (await gateway.fetch(ref)).is_paid


async def test_money_that_comes_when_it_is_over_is_not_taken(
    there: Razorpay, gateway: RazorpayGateway, clock: FixedClock
) -> None:
    ref = await opened(gateway)
    payment_id = there.fail(ref)
    clock.advance(timedelta(minutes=17))
    there.authorize_late(payment_id)

    assert (await gateway.fetch(ref)).status == "expired"
    assert there.payments[payment_id]["status"] == "authorized"  # goes back by itself


async def test_a_payer_at_his_bank_is_waited_for(there: Razorpay, gateway: RazorpayGateway) -> None:
    ref = await opened(gateway)
    there.pay(ref, authorized=False)

    assert (await gateway.fetch(ref)).status == "requires_action"


async def test_a_refund_may_wait_and_may_fail_after_all(there: Razorpay, gateway: RazorpayGateway) -> None:  # REF-06
    ref = await opened(gateway)
    there.pay(ref)
    await gateway.fetch(ref)
    there.refunds_start = "pending"
    request = a_refund(ref)

    refund = await gateway.refund(request)
    waiting = await gateway.fetch(ref)
    there.settle_refund(refund.provider_ref, "failed")
    failed = await gateway.fetch(ref)

    assert (refund.status, waiting.refunded, waiting.refunds) == ("pending", Money(0, "INR"), (refund,))
    assert (failed.refunds[0].status, failed.refunds[0].cause) == ("failed", "refund_failed")
    assert failed.is_paid


async def test_a_key_of_another_refund_is_refused(there: Razorpay, gateway: RazorpayGateway) -> None:
    ref = await opened(gateway)
    there.pay(ref)
    await gateway.fetch(ref)
    request = a_refund(ref, Money(200, "INR"))
    await gateway.refund(request)

    with pytest.raises(GatewayRefused) as refused:
        await gateway.refund(msgspec.structs.replace(request, amount=Money(300, "INR")))

    assert refused.value.code == "idempotency_key_in_use"


async def test_older_orders_that_were_refunded_lately_are_listed(there: Razorpay, gateway: RazorpayGateway) -> None:
    ref = await opened(gateway)
    there.pay(ref)
    await gateway.fetch(ref)
    there.orders[ref]["created_at"] = 1_000_000
    amount = Money(1000, "INR")
    await gateway.refund(a_refund(ref, amount))
    found: list[PaymentSnapshot] = []
    cursor: str | None = None

    for _ in range(2):
        page, cursor = await gateway.list_changed(datetime.now(UTC) - timedelta(days=1), cursor)
        found += page

    assert cursor is None
    assert [(snapshot.provider_ref, snapshot.refunded) for snapshot in found] == [(ref, amount)]


@pytest.mark.parametrize("kind", ["payment", "order", "refund", "dispute"])
async def test_whatever_an_event_names_leads_to_the_checkout(
    there: Razorpay, gateway: RazorpayGateway, clock: FixedClock, kind: str
) -> None:  # BOOK-19
    ref = await opened(gateway)
    there.pay(ref)
    await gateway.fetch(ref)
    payment = there.payment_of(ref)
    amount = Money(500, "INR")
    refund = await gateway.refund(a_refund(ref, amount))
    dispute = there.disputes[there.dispute(payment["id"])]
    told = {"payment": payment, "order": there.orders[ref], "refund": there.refunds[refund.provider_ref]}
    raw, headers = there.webhook(f"{kind}.something", **{kind: dispute if kind == "dispute" else told[kind]})  # type: ignore[arg-type]

    event = gateway.read_event(raw, headers, clock.now())
    snapshot = await gateway.fetch(event.object_ref)

    assert event.event_id == headers[EVENT_ID]
    assert snapshot.provider_ref == ref
    assert [one.provider_ref for one in snapshot.disputes] == ([dispute["id"]] if kind == "dispute" else [])


@pytest.mark.parametrize(
    ("deducted", "status", "is_open", "is_taken"),
    [
        (0, "open", True, False),
        (500, "open", True, True),
        (500, "under_review", True, True),
        (500, "lost", False, True),
        (500, "won", False, False),
        (0, "closed", False, False),
    ],
)
async def test_a_bank_has_the_money_once_it_is_deducted_and_until_we_win(
    there: Razorpay,
    gateway: RazorpayGateway,
    clock: FixedClock,
    deducted: int,
    status: str,
    is_open: bool,
    is_taken: bool,
) -> None:  # PAYM-27
    ref = await opened(gateway)
    there.pay(ref)
    await gateway.fetch(ref)
    dispute = there.disputes[there.dispute(there.payment_of(ref)["id"])]
    dispute.update(amount_deducted=deducted, status=status)
    raw, headers = there.webhook("payment.dispute.something", dispute=dispute)

    (told,) = (await gateway.fetch(gateway.read_event(raw, headers, clock.now()).object_ref)).disputes

    assert (told.is_open, told.is_taken) == (is_open, is_taken)


async def test_events_of_no_concern_and_without_an_id_are_read_too(
    there: Razorpay, gateway: RazorpayGateway, clock: FixedClock
) -> None:  # PAYM-08
    raw, headers = there.webhook("settlement.processed", settlement={"id": "setl_1", "entity": "settlement"})
    del headers[EVENT_ID]

    first, again = (gateway.read_event(raw, headers, clock.now()) for _ in range(2))

    assert (first.object_ref, first.event_id) == ("", again.event_id)
    with pytest.raises(BadSignature):  # PAYM-07: the secret of the key signs no webhook
        gateway.read_event(*there.webhook("order.paid", secret=there.key_secret), clock.now())
    for broken in (b"[]", b"{", b'{"event": 5}', b'{"event":"x","created_at":99999999999999999}', b"\xff"):
        signed = {"x-razorpay-signature": there._sign(broken, there.webhook_secret)}
        with pytest.raises(BadSignature):
            gateway.read_event(broken, signed, clock.now())


def test_every_reason_becomes_a_decline_that_has_words() -> None:  # PAYM-25
    assert set(_WORDS.values()) <= set(DECLINES)
    assert decline_code("some_new_reason", "BAD_REQUEST_ERROR") == "generic_decline"
    assert decline_code("some_new_reason", "GATEWAY_ERROR") == "gateway_error"
    assert decline_code(None, None) == "generic_decline"


@pytest.mark.parametrize(
    "wrong",
    [
        "{}",
        '[{"name": "India", "key_id": "rzp_test_1", "key_secret": "s", "webhook_secrets": ["w"]}]',
        '[{"name": "india", "key_id": "sk_test_1", "key_secret": "s", "webhook_secrets": ["w"]}]',
        '[{"name": "india", "key_id": "rzp_test_1", "key_secret": "", "webhook_secrets": ["w"]}]',
        '[{"name": "india", "key_id": "rzp_test_1", "key_secret": "s"}]',
        '[{"name": "india", "key_id": "rzp_test_1", "key_secret": "s", "webhook_secrets": ["s"]}]',
        '[{"name": "india", "key_id": "rzp_test_1", "key_secret": "s", "webhook_secrets": ["w"], "x": 1}]',
    ],
)
def test_accounts_that_cannot_work_are_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        read_accounts(wrong)

    assert "s3cr3t" not in str(refused.value)
    good = '[{"name": "india", "key_id": "rzp_live_1", "key_secret": "s3cr3t", "webhook_secrets": ["w"]}]'
    assert [(account.name, account.is_live) for account in read_accounts(good)] == [("india", True)]
    assert "s3cr3t" not in repr(read_accounts(good))


# -- every fault of every call ------------------------------------------------------------------------------------

QUICK: dict[str, Any] = {"attempts": 2, "timeout_s": 0.3, "failures": 100}
PATH: tuple[tuple[str, str], ...] = (
    ("checkout", "GET /v1/orders?"),
    ("checkout", "POST /v1/orders"),
    ("settle", "GET /v1/orders/"),
    ("settle", "POST /v1/payments/"),
    ("settle", "GET /v1/payments/"),
    ("refund", "GET /v1/orders/"),
    ("refund", "POST /v1/payments/"),
    ("refund", "GET /v1/payments/"),
)
"""At which step which call meets the fault, three times in a row."""


async def stubborn(step: Callable[[], Awaitable[Any]], done: Callable[[], bool], clock: FixedClock) -> None:
    """As people and workers do: again, a little later, until it is done."""
    for _ in range(12):
        with suppress(GatewayUnavailable):
            await step()
        if done():
            return
        clock.advance(timedelta(seconds=45))
    raise AssertionError("it is stuck")


async def the_whole_path(there: Razorpay, till: Till, meet: Callable[[str], None]) -> None:
    booking = a_booking()
    till.store.bookings[booking.id] = booking

    async def checkout() -> None:
        await till.checkout(till.booking(booking.id))

    meet("checkout")
    await stubborn(checkout, lambda: till.payment().provider_ref is not None, till.clock)
    ref = str(till.payment().provider_ref)
    there.pay(ref)
    raw, headers = there.webhook("payment.authorized", payment=there.payment_of(ref))
    await till.receive_webhook("razorpay", "main", raw, headers)
    assert not await till.receive_webhook("razorpay", "main", raw, headers)
    meet("settle")
    await stubborn(till.work, lambda: till.booking(booking.id).status is Status.CONFIRMED, till.clock)
    command = RequestRefundCommand(
        refund_id=RefundId(UUID(int=0x4EF)), payment_id=till.payment().id, reason="the line was bad"
    )
    await till.request_refund(ADMIN, command)
    meet("refund")
    await stubborn(till.work, lambda: till.refunds[0].status is RefundStatus.SUCCEEDED, till.clock)


def require_right(there: Razorpay, till: Till) -> None:
    """Charged once, given back once, the books balanced. (PAYM-28)"""
    assert len(there.orders) == 1
    assert [payment["status"] for payment in there.payments.values()] == ["refunded"]
    assert [refund["amount"] for refund in there.refunds.values()] == [900]
    assert till.payment().status is PaymentStatus.REFUNDED
    assert till.balance(provider_account("razorpay", "main")) == 0
    assert all(sum(entry.amount.minor for entry in journal.entries) == 0 for journal in till.journals)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("step", "call"), PATH)
async def test_after_any_fault_of_any_call_the_path_ends_right(
    there: Razorpay, client: httpx.AsyncClient, step: str, call: str, fault: Fault
) -> None:
    with faulty(there.url, hang_s=0.5) as line:
        till = Till(gateway=lambda clock: a_razorpay_gateway(there, client, url=line.url, clock=clock, **QUICK))

        await the_whole_path(there, till, lambda now: line.next(fault, call, times=3) if now == step else line.heal())

        assert any(seen.startswith(call) for seen in line.seen)
        require_right(there, till)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_hold_that_ends_while_the_provider_stumbles_is_closed_all_the_same(
    there: Razorpay, client: httpx.AsyncClient, fault: Fault
) -> None:
    with faulty(there.url, hang_s=0.5) as line:
        till = Till(gateway=lambda clock: a_razorpay_gateway(there, client, url=line.url, clock=clock, **QUICK))
        payment = await till.checkout(a_booking())
        till.clock.advance(timedelta(minutes=15, seconds=30))
        line.next(fault, "PATCH /v1/orders/", times=3)

        await stubborn(
            lambda: till.close_checkout(payment.id), lambda: till.payment().status is PaymentStatus.EXPIRED, till.clock
        )

        assert there.orders[str(payment.provider_ref)]["notes"]["closed_at"]


def calls_of(gateway: RazorpayGateway, ref: str) -> dict[str, Callable[[], Awaitable[Any]]]:
    refund = a_refund(ref)
    return {
        "open": lambda: gateway.open_checkout(a_request()),
        "page": lambda: gateway.payment_page(ref),
        "fetch": lambda: gateway.fetch(ref),
        "expire": lambda: gateway.expire(ref),
        "refund": lambda: gateway.refund(refund),
        "list": lambda: gateway.list_changed(NOON, None),
    }


@pytest.mark.parametrize("call", ["open", "page", "fetch", "expire", "refund", "list"])
async def test_a_fault_is_told_by_its_right_name(
    there: Razorpay, client: httpx.AsyncClient, clock: FixedClock, call: str
) -> None:
    ref = await opened(a_razorpay_gateway(there, client, clock=clock))
    with faulty(there.url, hang_s=0.5) as line:
        for fault in FAULTS:
            line.next(fault, times=20)
            gateway = a_razorpay_gateway(there, client, url=line.url, clock=clock, **QUICK)
            with pytest.raises(GatewayUnavailable) as unknown:
                await calls_of(gateway, ref)[call]()
            assert not isinstance(unknown.value, NotSent), fault
            line.heal()
        away = a_razorpay_gateway(there, client, url=line.nobody, clock=clock, **QUICK)
        with pytest.raises(NotSent):
            await calls_of(away, ref)[call]()
    assert len(there.orders) == 1


async def test_a_wrong_key_is_a_clear_no(there: Razorpay, client: httpx.AsyncClient) -> None:
    gateway = a_razorpay_gateway(there, client)
    there.key_secret = "rolled"

    with pytest.raises(GatewayRefused) as refused:
        await opened(gateway)

    assert refused.value.code == "unauthorized"


# -- the payer's way back -----------------------------------------------------------------------------------------


async def test_a_signed_return_is_asked_about_at_once_and_a_claim_is_not(
    there: Razorpay, client: httpx.AsyncClient
) -> None:  # PAYM-02
    till = Till(gateway=lambda clock: a_razorpay_gateway(there, client, clock=clock))
    payment = await till.checkout(a_booking())
    brought = there.callback(str(payment.provider_ref), "pay_00000000000000")
    asked = len(there.seen)

    assert not await till.take_return(payment.id, {**brought, "razorpay_signature": "0" * 64})
    assert not await till.take_return(PaymentId(uuid4()), brought)
    assert len(there.seen) == asked

    assert await till.take_return(payment.id, brought)  # signed, and yet nothing was paid
    assert till.payment().status is PaymentStatus.OPEN

    assert await till.take_return(payment.id, there.pay(str(payment.provider_ref)))
    assert till.payment().status is PaymentStatus.CAPTURED
