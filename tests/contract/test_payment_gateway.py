"""What every payment gateway promises: the fake, the sandbox provider over HTTP in a process of its own, and Stripe in
each of its modes and Razorpay against stand-ins that hold every request against the published contract. (PAYM-01,
PAYM-09)
"""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Protocol, cast
from uuid import uuid4

import httpx
import msgspec
import pytest
import stripe as stripe_sdk

from adapters.payments.razorpay.gateway import SIGNATURE
from adapters.payments.sandbox import signing
from adapters.payments.sandbox.gateway import SandboxGateway
from adapters.payments.stripe import events
from domain.ids import PaymentId, RefundId
from domain.money import Money
from fakes.clock import FixedClock
from fakes.gateway import FakeGateway
from ports.billing.gateway import (
    PAY_HERE,
    BadSignature,
    CheckoutMode,
    CheckoutRequest,
    GatewayRefused,
    GatewayUnavailable,
    PaymentGateway,
    PaymentSnapshot,
    RefundRequest,
)
from standins.razorpay import Razorpay, razorpay
from support.oracles import Oracle, stripe_oracle
from support.postgres import TestPostgres
from support.razorpay import a_razorpay_gateway
from support.sandbox import SECRET_KEY, SECRETS, Receiver, free_port, receiver, sandbox_process
from support.stripe import a_stripe_gateway

pytestmark = pytest.mark.slow

DOLLARS, DINARS = Money(2500, "USD"), Money(12_345, "KWD")
CARDS = {
    "generic_decline": "4000000000000002",
    "insufficient_funds": "4000000000009995",
    "lost_card": "4000000000009987",
    "stolen_card": "4000000000009979",
    "expired_card": "4000000000000069",
    "incorrect_cvc": "4000000000000127",
    "processing_error": "4000000000000119",
}


PROVOKED = {
    "test_the_same_key_with_another_request_is_refused": {"idempotency_key_reused"},
    "test_a_payment_goes_back_in_parts_and_never_more_than_it_was": {"amount_too_large", "charge_already_refunded"},
}
"""What a test asks for in order to be refused; nothing else may be found in the log."""


class Desk(Protocol):
    """A gateway, and the people on the other side of it."""

    gateway: PaymentGateway
    mode: CheckoutMode
    paid_event: str
    signature: str
    dinars: Money
    """12.345 of them, or as near as the provider can take."""
    least: Mapping[str, int]
    """What it charges at least, in minor units."""
    newest_first: bool
    pages: int
    """That it takes to list 103 checkouts."""
    lives_on: timedelta
    """How long its pages outlive what was asked for."""

    def now(self) -> datetime: ...
    def gateway_with(self, *secrets: str) -> PaymentGateway: ...
    def unreachable(self) -> PaymentGateway: ...
    async def pay(self, provider_ref: str) -> None: ...
    async def decline(self, provider_ref: str, code: str) -> None: ...
    async def event(self, provider_ref: str) -> tuple[bytes, dict[str, str]]:
        """One webhook about a checkout that was paid."""
        ...


class OwnDesk:
    """The sandbox and its fake do exactly what they are asked."""

    mode, paid_event, signature, dinars = CheckoutMode.HOSTED, "checkout.succeeded", signing.HEADER, DINARS
    least: ClassVar = {"USD": 50, "JPY": 50, "KWD": 500}
    newest_first, pages, lives_on = False, 2, timedelta()


class FakeDesk(OwnDesk):
    def __init__(self) -> None:
        self.clock = FixedClock()
        self.gateway: Any = FakeGateway(clock=self.clock, webhook_secrets=SECRETS)

    def now(self) -> datetime:
        return self.clock.now()

    def gateway_with(self, *secrets: str) -> PaymentGateway:
        return FakeGateway(clock=self.clock, webhook_secrets=secrets)

    def unreachable(self) -> PaymentGateway:
        gateway = FakeGateway()
        gateway.down = True
        return gateway

    async def pay(self, provider_ref: str) -> None:
        self.gateway.pay(provider_ref)

    async def decline(self, provider_ref: str, code: str) -> None:
        self.gateway.decline(provider_ref, code)

    async def event(self, provider_ref: str) -> tuple[bytes, dict[str, str]]:
        return cast(tuple[bytes, dict[str, str]], self.gateway.event("checkout.succeeded", provider_ref))


class SandboxDesk(OwnDesk):
    def __init__(self, base_url: str, client: httpx.AsyncClient, received: Receiver) -> None:
        self.base_url, self.client, self.received = base_url, client, received
        self.gateway: PaymentGateway = self.gateway_with(*SECRETS)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def gateway_with(self, *secrets: str) -> PaymentGateway:
        return SandboxGateway(self.base_url, SECRET_KEY, secrets, "main", self.client)

    def unreachable(self) -> PaymentGateway:
        nobody = f"http://127.0.0.1:{free_port()}"
        return SandboxGateway(nobody, SECRET_KEY, SECRETS, "main", self.client, attempts=1)

    async def pay(self, provider_ref: str) -> None:
        await self.send_card(provider_ref, "4242424242424242")

    async def decline(self, provider_ref: str, code: str) -> None:
        await self.send_card(provider_ref, CARDS[code])

    async def send_card(self, provider_ref: str, number: str) -> httpx.Response:
        form = {"number": number, "expiry": "04 / 40", "cvc": "123"}
        response = await self.client.post(f"{self.base_url}/pay/{provider_ref}", data=form)
        assert response.status_code == 303, response.text
        return response

    async def event(self, provider_ref: str) -> tuple[bytes, dict[str, str]]:
        one = (await asyncio.to_thread(self.received.wait_for, provider_ref, 1))[-1]
        return one.raw, one.headers


class StripeDesk:
    """The payer and his bank are the stand-in's; what its own simulation leaves out (which decline it was, and the
    session's link to the try) is put into its state.
    """

    signature, dinars = events.HEADER, Money(12_340, "KWD")
    least: ClassVar = {"USD": 50, "JPY": 50, "KWD": 100}
    newest_first, pages = True, 4
    """Two of sessions or of intents, one of the others, one of events."""

    def __init__(self, oracle: Oracle, client: httpx.AsyncClient, mode: CheckoutMode) -> None:
        self.oracle, self.client, self.mode = oracle, client, mode
        direct = mode is CheckoutMode.DIRECT
        self.paid_event = "payment_intent.succeeded" if direct else "checkout.session.completed"
        self.lives_on = timedelta() if direct else timedelta(minutes=31)
        self.gateway: PaymentGateway = self.gateway_with(*SECRETS)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def gateway_with(self, *secrets: str) -> PaymentGateway:
        return a_stripe_gateway(self.oracle.url, self.client, *secrets)

    def unreachable(self) -> PaymentGateway:
        return a_stripe_gateway(f"http://127.0.0.1:{free_port()}", self.client, *SECRETS, attempts=1)

    async def pay(self, provider_ref: str) -> None:
        if self.mode is CheckoutMode.DIRECT:
            await self._confirm(provider_ref, "pm_card_visa")
        elif self._object(provider_ref)["status"] == "open":
            self.oracle.admin("complete", session=provider_ref)

    async def decline(self, provider_ref: str, code: str) -> None:
        intent = provider_ref
        if self.mode is CheckoutMode.DIRECT:
            await self._confirm(provider_ref, "pm_card_chargeDeclined")
        else:
            told = self.oracle.admin("complete", session=provider_ref, outcome="declined")
            intent = told["events"][0]["data"]["object"]["id"]
            self.oracle.admin("put", object="checkout.session", id=provider_ref, payment_intent=intent)
        plain = code in ("expired_card", "incorrect_cvc", "processing_error")
        why = {
            "type": "card_error",
            "code": code if plain else "card_declined",
            "decline_code": None if plain else code,
        }
        self.oracle.admin("put", object="payment_intent", id=intent, last_payment_error=why)

    async def event(self, provider_ref: str) -> tuple[bytes, dict[str, str]]:
        told = self.oracle.admin("event", type=self.paid_event, object={"id": provider_ref})
        raw, at = json.dumps(told, indent=2).encode(), int(self.now().timestamp())
        signed = [hmac.new(secret.encode(), b"%d." % at + raw, "sha256").hexdigest() for secret in SECRETS]
        return raw, {events.HEADER: ",".join([f"t={at}", *(f"v1={one}" for one in signed)])}

    def _object(self, ref: str) -> dict[str, Any]:
        return next(found for found in self.oracle.admin("objects") if found.get("id") == ref)

    async def _confirm(self, ref: str, method: str) -> None:
        """As Stripe.js does it in the payer's browser."""
        headers = {"authorization": "Bearer sk_test_desk", "stripe-version": stripe_sdk.api_version}
        form = {"payment_method": method, "return_url": "https://halaqa.test/back"}
        await self.client.post(f"{self.oracle.url}/v1/payment_intents/{ref}/confirm", data=form, headers=headers)


class RazorpayDesk:
    """An account that captures nothing by itself: the gateway does."""

    mode, paid_event, signature = CheckoutMode.HOSTED, "payment.authorized", SIGNATURE
    dinars = Money(12_340, "KWD")
    least: ClassVar = {"USD": 100, "JPY": 100, "KWD": 1000}
    newest_first, pages, lives_on = True, 3, timedelta()
    signs_with = SECRETS[1:]
    """One secret at a time: retries of old events go on with the one before."""
    reasons: ClassVar = {
        "generic_decline": "payment_declined",
        "insufficient_funds": "insufficient_funds",
        "expired_card": "card_expired",
        "incorrect_cvc": "incorrect_cvv",
        "processing_error": "gateway_technical_error",
    }

    def __init__(self, there: Razorpay, client: httpx.AsyncClient) -> None:
        self.there, self.client = there, client
        self.gateway: PaymentGateway = self.gateway_with(*SECRETS)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def gateway_with(self, *secrets: str) -> PaymentGateway:
        return a_razorpay_gateway(self.there, self.client, *secrets)

    def unreachable(self) -> PaymentGateway:
        nobody = f"http://127.0.0.1:{free_port()}"
        return a_razorpay_gateway(self.there, self.client, *SECRETS, url=nobody, attempts=1)

    async def pay(self, provider_ref: str) -> None:
        """And the worker hears of it: the account captures nothing by itself."""
        self.there.pay(provider_ref)
        await self.gateway.fetch(provider_ref)

    async def decline(self, provider_ref: str, code: str) -> None:
        if code not in self.reasons:
            pytest.skip("Razorpay does not tell a lost card from a blocked one")
        self.there.fail(provider_ref, self.reasons[code])

    async def event(self, provider_ref: str) -> tuple[bytes, dict[str, str]]:
        return self.there.webhook(
            self.paid_event, secret=self.signs_with[0], payment=self.there.payment_of(provider_ref)
        )


@pytest.fixture(scope="module")
def received() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


@pytest.fixture(scope="module")
def sandbox_url(postgres: TestPostgres, received: Receiver) -> Iterator[str]:
    with ThreadPoolExecutor(1) as thread:
        name = thread.submit(asyncio.run, postgres.empty()).result()
        with sandbox_process(postgres.url_of(name), received.url) as url:
            yield url
        thread.submit(asyncio.run, postgres.drop(name)).result()


@pytest.fixture
async def sandbox_desk(sandbox_url: str, received: Receiver) -> AsyncIterator[SandboxDesk]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield SandboxDesk(sandbox_url, client, received)


@pytest.fixture
def fake_desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture(scope="module")
def stripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with stripe_oracle(tmp_path_factory.mktemp("stripe")) as oracle:
        yield oracle


@pytest.fixture
async def stripe_desks(stripe: Oracle, request: pytest.FixtureRequest) -> AsyncIterator[Callable[[str], StripeDesk]]:
    stripe.admin("reset")
    async with httpx.AsyncClient(trust_env=False) as client:
        yield lambda mode: StripeDesk(stripe, client, CheckoutMode(mode))
    assert {found["code"] for found in stripe.violations()} <= PROVOKED.get(request.node.originalname, set())


@pytest.fixture
def stripe_hosted_desk(stripe_desks: Callable[[str], StripeDesk]) -> StripeDesk:
    return stripe_desks("hosted")


@pytest.fixture
def stripe_embedded_desk(stripe_desks: Callable[[str], StripeDesk]) -> StripeDesk:
    return stripe_desks("embedded")


@pytest.fixture
def stripe_direct_desk(stripe_desks: Callable[[str], StripeDesk]) -> StripeDesk:
    return stripe_desks("direct")


@pytest.fixture
async def razorpay_desk() -> AsyncIterator[RazorpayDesk]:
    with razorpay() as there:
        async with httpx.AsyncClient(trust_env=False) as client:
            yield RazorpayDesk(there, client)
        assert there.violations == []


@pytest.fixture(
    params=[
        "fake",
        pytest.param("sandbox", marks=pytest.mark.postgres),
        "stripe_hosted",
        "stripe_embedded",
        "stripe_direct",
        "razorpay",
    ]
)
def desk(request: pytest.FixtureRequest) -> Desk:
    return cast(Desk, request.getfixturevalue(f"{request.param}_desk"))


def a_checkout(desk: Desk, amount: Money = DOLLARS, **changes: Any) -> CheckoutRequest:
    request = CheckoutRequest(
        reference=PaymentId(uuid4()),
        idempotency_key=uuid4().hex,
        amount=amount,
        description="Lesson with Qari Yusuf — 30 minutes",
        payer_email="mariam@example.org",
        success_url="http://127.0.0.1:8000/done",
        cancel_url="http://127.0.0.1:8000/back",
        expires_at=desk.now() + timedelta(minutes=15),
        metadata={"booking": "b-1"},
        mode=desk.mode,
    )
    return msgspec.structs.replace(request, **changes)


def a_refund(provider_ref: str, amount: Money) -> RefundRequest:
    return RefundRequest(
        reference=RefundId(uuid4()),
        idempotency_key=uuid4().hex,
        provider_ref=provider_ref,
        amount=amount,
        reason="cancelled",
    )


async def paid(desk: Desk, amount: Money = DOLLARS) -> str:
    checkout = await desk.gateway.open_checkout(a_checkout(desk, amount))
    await desk.pay(checkout.provider_ref)
    return checkout.provider_ref


async def test_an_open_checkout_can_be_fetched(desk: Desk) -> None:
    request = a_checkout(desk)

    checkout = await desk.gateway.open_checkout(request)
    snapshot = await desk.gateway.fetch(checkout.provider_ref)

    assert checkout.url == PAY_HERE or (checkout.url.startswith("http") and desk.mode is CheckoutMode.HOSTED)
    late = request.expires_at + desk.lives_on - checkout.expires_at
    assert timedelta() <= late < timedelta(seconds=1 if desk.lives_on else 1e-6)  # Stripe counts whole seconds
    assert (snapshot.status, snapshot.reference, snapshot.amount) == ("open", request.reference, request.amount)
    assert (snapshot.refunded, snapshot.charge_ref, snapshot.refunds) == (Money.zero("USD"), None, ())


async def test_the_same_key_opens_the_same_checkout(desk: Desk) -> None:
    request = a_checkout(desk)

    first = await desk.gateway.open_checkout(request)
    second = await desk.gateway.open_checkout(request)

    assert second == first  # API-07


async def test_the_same_key_with_another_request_is_refused(desk: Desk) -> None:
    request = a_checkout(desk)
    await desk.gateway.open_checkout(request)

    with pytest.raises(GatewayRefused) as refused:
        await desk.gateway.open_checkout(msgspec.structs.replace(request, amount=Money(9900, "USD")))

    assert refused.value.code == "idempotency_key_in_use"


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
async def test_an_amount_too_small_is_refused(desk: Desk, currency: str) -> None:
    least = desk.least[currency]

    with pytest.raises(GatewayRefused) as refused:
        await desk.gateway.open_checkout(a_checkout(desk, Money(least - 1, currency)))
    opened = await desk.gateway.open_checkout(a_checkout(desk, Money(least, currency)))

    assert refused.value.code == "amount_too_small"
    assert (await desk.gateway.fetch(opened.provider_ref)).amount == Money(least, currency)


@pytest.mark.parametrize("amount", [Money(2500, "USD"), Money(2500, "JPY"), DINARS])
async def test_paying_makes_it_succeeded(desk: Desk, amount: Money) -> None:
    amount = desk.dinars if amount == DINARS else amount
    ref = await paid(desk, amount)

    snapshot = await desk.gateway.fetch(ref)

    assert snapshot.is_paid
    assert snapshot.amount == amount  # PAYM-22
    assert snapshot.charge_ref


@pytest.mark.parametrize("code", CARDS)
async def test_a_decline_is_a_failed_try_that_may_be_repeated(desk: Desk, code: str) -> None:
    checkout = await desk.gateway.open_checkout(a_checkout(desk))

    await desk.decline(checkout.provider_ref, code)
    declined = await desk.gateway.fetch(checkout.provider_ref)
    await desk.pay(checkout.provider_ref)
    then = await desk.gateway.fetch(checkout.provider_ref)

    assert (declined.status, declined.decline_code) == ("failed", code)  # PAYM-25
    assert (then.status, then.decline_code) == ("succeeded", None)
    assert then.updated_at > declined.updated_at  # PAYM-06


async def test_an_unknown_checkout_is_not_found(desk: Desk) -> None:
    for ref in ("cs_" + "0" * 32, "../refunds"):
        with pytest.raises(GatewayRefused) as refused:
            await desk.gateway.fetch(ref)

        assert refused.value.code == "not_found"


async def test_a_payment_goes_back_in_parts_and_never_more_than_it_was(desk: Desk) -> None:
    ref = await paid(desk)

    first = await desk.gateway.refund(a_refund(ref, Money(1000, "USD")))
    with pytest.raises(GatewayRefused) as over:
        await desk.gateway.refund(a_refund(ref, Money(1501, "USD")))
    await desk.gateway.refund(a_refund(ref, Money(1500, "USD")))
    with pytest.raises(GatewayRefused) as empty:
        await desk.gateway.refund(a_refund(ref, Money(1, "USD")))
    snapshot = await desk.gateway.fetch(ref)

    assert first.status == "succeeded"
    assert (over.value.code, empty.value.code) == ("amount_too_large", "already_refunded")  # REF-02
    assert (snapshot.status, snapshot.refunded) == ("succeeded", Money(2500, "USD"))
    assert [refund.amount.minor for refund in snapshot.refunds] == [1000, 1500]


async def test_the_same_key_refunds_once(desk: Desk) -> None:
    ref = await paid(desk)
    request = a_refund(ref, Money(2500, "USD"))

    first = await desk.gateway.refund(request)
    second = await desk.gateway.refund(request)
    snapshot = await desk.gateway.fetch(ref)

    assert second == first
    assert snapshot.refunds == (first,)
    assert first.reference == request.reference


async def test_what_was_not_paid_is_not_refunded(desk: Desk) -> None:
    checkout = await desk.gateway.open_checkout(a_checkout(desk))

    with pytest.raises(GatewayRefused) as refused:
        await desk.gateway.refund(a_refund(checkout.provider_ref, Money(100, "USD")))

    assert refused.value.code == "checkout_not_paid"


async def test_an_expired_checkout_cannot_be_paid_any_more(desk: Desk) -> None:
    checkout = await desk.gateway.open_checkout(a_checkout(desk))

    expired = await desk.gateway.expire(checkout.provider_ref)
    await desk.pay(checkout.provider_ref)

    assert expired.status == "expired"
    assert (await desk.gateway.fetch(checkout.provider_ref)).status == "expired"
    assert (await desk.gateway.expire(checkout.provider_ref)).status == "expired"


async def test_expiring_what_was_paid_tells_that_it_was_paid(desk: Desk) -> None:
    ref = await paid(desk)

    assert (await desk.gateway.expire(ref)).status == "succeeded"


async def test_changes_are_listed_page_by_page(desk: Desk) -> None:
    start = desk.now() - timedelta(microseconds=1)
    refs = [(await desk.gateway.open_checkout(a_checkout(desk))).provider_ref for _ in range(103)]
    await desk.pay(refs[0])
    found: list[PaymentSnapshot] = []
    cursor, pages = None, 0

    while pages == 0 or cursor:
        page, cursor = await desk.gateway.list_changed(start, cursor)
        found += page
        pages += 1

    assert pages == desk.pages
    in_turn = refs[::-1] if desk.newest_first else [*refs[1:], refs[0]]  # as they were made, or as they changed
    assert [snapshot.provider_ref for snapshot in found] == in_turn
    assert [snapshot.provider_ref for snapshot in found if snapshot.is_paid] == refs[:1]


async def test_a_webhook_tells_which_checkout_changed(desk: Desk) -> None:
    ref = await paid(desk)
    raw, headers = await desk.event(ref)

    event = desk.gateway.read_event(raw, headers, desk.now())

    assert (event.type, event.object_ref) == (desk.paid_event, ref)
    assert event.event_id


async def test_a_reserialised_or_unsigned_webhook_is_refused(desk: Desk) -> None:
    raw, headers = await desk.event(await paid(desk))
    rewritten = msgspec.json.encode(msgspec.json.decode(raw))

    with pytest.raises(BadSignature):  # PAYM-03
        desk.gateway.read_event(rewritten, headers, desk.now())
    for broken in (
        {},
        {desk.signature: "t=1"},
        {desk.signature: "t=²,v1=x"},
        {desk.signature: "é,v1=é"},
    ):
        with pytest.raises(BadSignature):
            desk.gateway.read_event(raw, broken, desk.now())


async def test_an_old_webhook_is_refused(desk: Desk) -> None:
    if isinstance(desk, RazorpayDesk):
        pytest.skip("its scheme knows no time: the inbox, which keeps the ids of events, refuses what came before")
    raw, headers = await desk.event(await paid(desk))

    desk.gateway.read_event(raw, headers, desk.now() + timedelta(seconds=280))
    with pytest.raises(BadSignature):  # PAYM-03
        desk.gateway.read_event(raw, headers, desk.now() + timedelta(seconds=330))


async def test_secrets_rotate_with_an_overlap(desk: Desk) -> None:
    raw, headers = await desk.event(await paid(desk))

    assert desk.gateway.read_event(raw, headers, desk.now()).event_id
    for secret in getattr(desk, "signs_with", SECRETS):
        assert desk.gateway_with(secret).read_event(raw, headers, desk.now()).event_id
    with pytest.raises(BadSignature):  # PAYM-07
        desk.gateway_with("whsec_of_another_account").read_event(raw, headers, desk.now())


async def test_a_provider_that_is_away_is_unavailable(desk: Desk) -> None:
    with pytest.raises(GatewayUnavailable):
        await desk.unreachable().open_checkout(a_checkout(desk))
    with pytest.raises(GatewayUnavailable):
        await desk.unreachable().list_changed(desk.now(), None)
