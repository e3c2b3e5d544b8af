"""Stripe on its bad days: every call meets every fault, and who tries again gets one checkout, one refund. (OPS-12)"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from adapters.payments.stripe.gateway import StripeGateway
from domain.billing.payment import CheckoutMode
from domain.ids import PaymentId, RefundId
from domain.money import Money
from ports.billing.gateway import CheckoutRequest, RefundRequest
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent
from support.faulty import FAULTS, Fault, Line, faulty
from support.oracles import Oracle, stripe_oracle
from support.stripe import a_stripe_gateway

pytestmark = pytest.mark.slow
PRICE: Final = Money(2500, "USD")


class World:
    """``broken`` goes through the faulty line with one attempt, ``patient`` with three, ``well`` past it."""

    def __init__(self, oracle: Oracle, line: Line, client: httpx.AsyncClient) -> None:
        self.oracle, self.line = oracle, line
        self.broken = a_stripe_gateway(line.url, client, attempts=1, timeout_s=1.2, failures=50)
        self.patient = a_stripe_gateway(line.url, client, attempts=3, timeout_s=1.2, failures=50)
        self.nobody = a_stripe_gateway(line.nobody, client, attempts=1)
        self.well = a_stripe_gateway(oracle.url, client)

    def count(self, kind: str) -> int:
        return sum(found["object"] == kind for found in self.oracle.admin("objects"))


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with stripe_oracle(tmp_path_factory.mktemp("stripe")) as running:
        yield running


@pytest.fixture(scope="module")
def line(oracle: Oracle) -> Iterator[Line]:
    with faulty(oracle.url, hang_s=1.0) as proxy:
        yield proxy


@pytest.fixture
async def world(oracle: Oracle, line: Line) -> AsyncIterator[World]:
    oracle.admin("reset")
    line.heal()
    async with httpx.AsyncClient(trust_env=False) as client:
        yield World(oracle, line, client)
    assert oracle.violations() == []


def a_checkout(mode: CheckoutMode = CheckoutMode.HOSTED) -> CheckoutRequest:
    now = datetime.now(UTC)
    reference = PaymentId(uuid4())
    return CheckoutRequest(
        reference=reference,
        idempotency_key=str(reference),
        amount=PRICE,
        description="Quran lesson",
        payer_email="mariam@example.org",
        success_url="https://halaqa.test/portal/payments/1",
        cancel_url="https://halaqa.test/portal/payments/1?left=1",
        expires_at=now + timedelta(minutes=15),
        metadata={"booking": str(uuid4())},
        mode=mode,
        created_at=now,
    )


Call = Callable[[StripeGateway], Awaitable[Any]]


class Case:
    """``calls``: the requests that it makes, in order. ``prepare`` answers the call, which is made several times."""

    def __init__(self, prepare: Callable[[World], Awaitable[Call]], *calls: str) -> None:
        self.prepare, self.calls = prepare, calls


async def _open_hosted(world: World) -> Call:
    request = a_checkout()
    return lambda gateway: gateway.open_checkout(request)


async def _open_direct(world: World) -> Call:
    request = a_checkout(CheckoutMode.DIRECT)
    return lambda gateway: gateway.open_checkout(request)


async def _paid(world: World) -> str:
    checkout = await world.well.open_checkout(a_checkout())
    world.oracle.admin("complete", session=checkout.provider_ref)
    return checkout.provider_ref


async def _fetch(world: World) -> Call:
    ref = await _paid(world)
    return lambda gateway: gateway.fetch(ref)


async def _expire(world: World) -> Call:
    checkout = await world.well.open_checkout(a_checkout())
    return lambda gateway: gateway.expire(checkout.provider_ref)


async def _cancel(world: World) -> Call:
    checkout = await world.well.open_checkout(a_checkout(CheckoutMode.DIRECT))
    return lambda gateway: gateway.expire(checkout.provider_ref)


async def _refund(world: World) -> Call:
    reference, ref = RefundId(uuid4()), await _paid(world)
    request = RefundRequest(
        reference=reference, idempotency_key=str(reference), provider_ref=ref, amount=PRICE, reason="cancelled"
    )
    return lambda gateway: gateway.refund(request)


async def _dispute(world: World) -> Call:
    snapshot = await world.well.fetch(await _paid(world))
    told = world.oracle.admin("dispute", payment_intent=snapshot.charge_ref)
    return lambda gateway: gateway.fetch(told["events"][0]["data"]["object"]["id"])


async def _page(world: World) -> Call:
    checkout = await world.well.open_checkout(a_checkout(CheckoutMode.EMBEDDED))
    return lambda gateway: gateway.payment_page(checkout.provider_ref)


async def _list(world: World) -> Call:
    await _paid(world)
    since = datetime.now(UTC) - timedelta(minutes=1)
    return lambda gateway: gateway.list_changed(since, None)


CASES: Final = {
    "open_hosted": Case(_open_hosted, "POST /v1/checkout/sessions"),
    "open_direct": Case(_open_direct, "POST /v1/payment_intents"),
    "fetch": Case(_fetch, "GET /v1/checkout/sessions/", "GET /v1/refunds"),
    "expire": Case(_expire, "POST /v1/checkout/sessions/", "GET /v1/checkout/sessions/"),
    "cancel": Case(_cancel, "POST /v1/payment_intents/", "GET /v1/payment_intents/"),
    "refund": Case(_refund, "GET /v1/checkout/sessions/", "POST /v1/refunds"),
    "dispute": Case(_dispute, "GET /v1/disputes/", "GET /v1/payment_intents/", "GET /v1/checkout/sessions?"),
    "page": Case(_page, "GET /v1/checkout/sessions/"),
    "list": Case(_list, "GET /v1/checkout/sessions?", "GET /v1/refunds"),
}
EACH: Final = [(name, call) for name, case in CASES.items() for call in case.calls]
ONE: Final = {"open_hosted": "checkout.session", "open_direct": "payment_intent", "refund": "refund"}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("name", "call"), EACH)
async def test_a_fault_is_no_answer_and_after_it_things_end_once(
    world: World, name: str, call: str, fault: Fault
) -> None:
    ask = await CASES[name].prepare(world)
    world.line.next(fault, call)

    with pytest.raises(GatewayUnavailable):
        await ask(world.broken)
    healed = await ask(world.broken)
    again = await ask(world.broken)

    if name in ONE:
        assert again == healed
        assert world.count(ONE[name]) == 1  # opened once, given back once


@pytest.mark.parametrize("fault", ["429", "500", "timeout", "lost_reply"])
@pytest.mark.parametrize("name", list(CASES))
async def test_one_fault_is_outlived_without_anybody_noticing(world: World, name: str, fault: Fault) -> None:
    ask = await CASES[name].prepare(world)
    world.line.next(fault)

    assert await ask(world.patient) is not None


@pytest.mark.parametrize("name", list(CASES))
async def test_where_nobody_listens_nothing_was_sent(world: World, name: str) -> None:
    ask = await CASES[name].prepare(world)

    with pytest.raises(NotSent):
        await ask(world.nobody)


async def test_a_key_that_is_no_longer_valid_is_a_clear_no(world: World) -> None:
    world.oracle.admin(
        "faults", match="GET /v1/payment_intents/.*", status=401, error={"type": "invalid_request_error"}
    )
    checkout = await world.well.open_checkout(a_checkout(CheckoutMode.DIRECT))

    with pytest.raises(GatewayRefused) as refused:
        await world.well.fetch(checkout.provider_ref)

    assert refused.value.code == "unauthorized"
