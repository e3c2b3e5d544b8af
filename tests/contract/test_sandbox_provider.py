"""What is the sandbox's own: its pages, its API's strictness, its webhooks and the trouble it makes on request."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import msgspec
import pytest

from adapters.payments.sandbox.faults import Faults
from adapters.payments.sandbox.gateway import SandboxGateway
from adapters.payments.sandbox.requests import NewCheckout
from domain.ids import PaymentId, RefundId
from domain.money import Money
from ports.billing.gateway import CheckoutRequest, GatewayUnavailable, RefundRequest, RefundSnapshot
from support.postgres import TestPostgres
from support.sandbox import SECRET_KEY, SECRETS, Received, Receiver, receiver, sandbox_process

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
SUCCESS, CHALLENGE, CHALLENGE_THEN_POOR = "4242424242424242", "4000002500003155", "4000008260003178"
POOR, DELAYED, REFUND_FAILS, REFUND_PENDING = (
    "4000000000009995",
    "4000000000000077",
    "4000000000005126",
    "4000000000007726",
)
KEY = {"authorization": f"Bearer {SECRET_KEY}"}


class Sandbox:
    def __init__(self, url: str, client: httpx.AsyncClient, receiver: Receiver) -> None:
        self.url, self.client, self.receiver = url, client, receiver
        self.gateway = SandboxGateway(url, SECRET_KEY, SECRETS, "main", client)
        self.impatient = SandboxGateway(
            url, SECRET_KEY, SECRETS, "main", client, attempts=1, timeout=httpx.Timeout(0.5)
        )

    def a_request(self) -> CheckoutRequest:
        return CheckoutRequest(
            reference=PaymentId(uuid4()),
            idempotency_key=uuid4().hex,
            amount=Money(2500, "USD"),
            description="Lesson <b>30</b> minutes",
            payer_email="mariam@example.org",
            success_url="http://127.0.0.1:8000/done",
            cancel_url="http://127.0.0.1:8000/back",
            expires_at=datetime.now(UTC) + timedelta(minutes=15),
            metadata={},
        )

    async def open(self) -> str:
        return (await self.gateway.open_checkout(self.a_request())).provider_ref

    async def pay(self, ref: str, number: str = SUCCESS, **form: str) -> httpx.Response:
        data = {"number": number, "expiry": "04/40", "cvc": "123"} | form
        return await self.client.post(f"{self.url}/pay/{ref}", data=data)

    async def answer(self, ref: str, answer: str) -> httpx.Response:
        return await self.client.post(f"{self.url}/pay/{ref}/confirm", data={"answer": answer})

    async def refund(self, ref: str) -> RefundSnapshot:
        return await self.gateway.refund(
            RefundRequest(
                reference=RefundId(uuid4()),
                idempotency_key=uuid4().hex,
                provider_ref=ref,
                amount=Money(2500, "USD"),
                reason="cancelled",
            )
        )

    async def set(self, **faults: Any) -> None:
        body = msgspec.json.encode(Faults(**faults))
        response = await self.client.post(
            f"{self.url}/control/faults", content=body, headers=KEY | {"content-type": "application/json"}
        )
        assert response.status_code == 200, response.text

    async def received(self, ref: str, count: int) -> list[Received]:
        return await asyncio.to_thread(self.receiver.wait_for, ref, count)

    async def types(self, ref: str, count: int) -> list[str]:
        return [self.read(one) for one in await self.received(ref, count)]

    def read(self, one: Received) -> str:
        return self.gateway.read_event(one.raw, one.headers, datetime.now(UTC)).type


@pytest.fixture(scope="module")
def webhooks() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


@pytest.fixture(scope="module")
def sandbox_database(postgres: TestPostgres) -> Iterator[str]:
    with ThreadPoolExecutor(1) as thread:
        name = thread.submit(asyncio.run, postgres.empty()).result()
        yield postgres.url_of(name)
        thread.submit(asyncio.run, postgres.drop(name)).result()


@pytest.fixture(scope="module")
def sandbox_url(sandbox_database: str, webhooks: Receiver) -> Iterator[str]:
    with sandbox_process(sandbox_database, webhooks.url, delayed_s=0.5) as url:
        yield url


@pytest.fixture
async def sandbox(sandbox_url: str, webhooks: Receiver) -> AsyncIterator[Sandbox]:
    async with httpx.AsyncClient(trust_env=False) as client:
        sandbox = Sandbox(sandbox_url, client, webhooks)
        await sandbox.set()
        yield sandbox


async def test_the_page_says_what_is_paid_and_that_no_money_moves(sandbox: Sandbox) -> None:
    page = await sandbox.client.get(f"{sandbox.url}/pay/{await sandbox.open()}")

    assert "no real money" in page.text
    assert "$25.00" in page.text
    assert "Lesson &lt;b&gt;30" in page.text
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "form-action 'self' http://127.0.0.1:8000" in page.headers["content-security-policy"]


async def test_paying_leads_back_to_the_school(sandbox: Sandbox) -> None:
    ref = await sandbox.open()

    first, second = await sandbox.pay(ref), await sandbox.pay(ref)

    assert (first.status_code, first.headers["location"]) == (303, "http://127.0.0.1:8000/done")
    assert second.headers["location"] == "http://127.0.0.1:8000/done"
    assert await sandbox.types(ref, 1) == ["checkout.succeeded"]


async def test_two_windows_pay_once(sandbox: Sandbox, sandbox_database: str) -> None:
    ref = await sandbox.open()

    await asyncio.gather(*(sandbox.pay(ref) for _ in range(6)))

    connection = await asyncpg.connect(sandbox_database.replace("+asyncpg", ""))
    tries = await connection.fetch("SELECT status FROM sandbox.attempts WHERE checkout = $1", ref)
    await connection.close()
    assert [row["status"] for row in tries] == ["succeeded"]


async def test_a_decline_is_told_in_plain_words(sandbox: Sandbox) -> None:
    ref = await sandbox.open()

    response = await sandbox.pay(ref, POOR)
    page = await sandbox.client.get(f"{sandbox.url}{response.headers['location']}")

    assert "not enough balance" in page.text  # PAYM-25
    assert POOR[:12] not in page.text.split("<details")[0]


async def test_mistakes_in_the_form_are_marked(sandbox: Sandbox) -> None:
    page = await sandbox.pay(await sandbox.open(), "4242424242424241", cvc="1")

    assert page.status_code == 422
    assert page.text.count('aria-invalid="true"') == 2
    assert "typing mistake" in page.text


@pytest.mark.parametrize(
    ("card", "answer", "status", "code"),
    [
        (CHALLENGE, "approve", "succeeded", None),
        (CHALLENGE, "deny", "failed", "authentication_failed"),
        (CHALLENGE_THEN_POOR, "approve", "failed", "insufficient_funds"),
    ],
)
async def test_the_bank_asks_first(sandbox: Sandbox, card: str, answer: str, status: str, code: str | None) -> None:
    ref = await sandbox.open()

    asked = await sandbox.pay(ref, card)
    page = await sandbox.client.get(f"{sandbox.url}{asked.headers['location']}")
    between = await sandbox.gateway.fetch(ref)
    await sandbox.answer(ref, answer)
    after = await sandbox.gateway.fetch(ref)

    assert "Is this payment yours?" in page.text
    assert between.status == "requires_action"
    assert (after.status, after.decline_code) == (status, code)


async def test_a_slow_bank_settles_later(sandbox: Sandbox) -> None:
    ref = await sandbox.open()

    await sandbox.pay(ref, DELAYED)
    at_first = await sandbox.gateway.fetch(ref)
    types = await sandbox.types(ref, 2)

    assert at_first.status == "processing"
    assert sorted(types) == ["checkout.processing", "checkout.succeeded"]
    assert (await sandbox.gateway.fetch(ref)).charge_ref


async def test_a_page_expires_by_itself(sandbox: Sandbox) -> None:
    soon = msgspec.structs.replace(sandbox.a_request(), expires_at=datetime.now(UTC) + timedelta(seconds=0.6))
    ref = (await sandbox.gateway.open_checkout(soon)).provider_ref

    assert await sandbox.types(ref, 1) == ["checkout.expired"]
    page = await sandbox.client.get(f"{sandbox.url}/pay/{ref}")
    assert page.status_code == 410
    assert "Nothing was charged" in page.text


@pytest.mark.parametrize(
    ("card", "first", "last", "event"),
    [
        (REFUND_FAILS, "succeeded", "failed", "refund.failed"),
        (REFUND_PENDING, "pending", "succeeded", "refund.updated"),
    ],
)
async def test_a_refund_has_a_life_of_its_own(sandbox: Sandbox, card: str, first: str, last: str, event: str) -> None:
    ref = await sandbox.open()
    await sandbox.pay(ref, card)

    made = await sandbox.refund(ref)
    types = await sandbox.types(ref, 3)
    after = await sandbox.gateway.fetch(ref)

    assert made.status == first
    assert sorted(types) == sorted(["checkout.succeeded", "refund.created", event])  # REF-06
    assert [refund.status for refund in after.refunds] == [last]
    assert after.refunded == Money(2500 if last == "succeeded" else 0, "USD")


async def test_no_card_number_is_kept(sandbox: Sandbox, sandbox_database: str) -> None:
    await sandbox.pay(await sandbox.open(), SUCCESS)

    connection = await asyncpg.connect(sandbox_database.replace("+asyncpg", ""))
    try:
        for table in ("attempts", "checkouts", "events"):
            rows = await connection.fetchval(f"SELECT string_agg(t::text, ' ') FROM sandbox.{table} AS t")  # noqa: S608
            assert SUCCESS not in rows
    finally:
        await connection.close()


async def test_a_receiver_that_fails_is_tried_again_with_a_new_signature(sandbox: Sandbox) -> None:
    ref = await sandbox.open()
    sandbox.receiver.fail(ref, 500, 503)

    await sandbox.pay(ref)
    tries = await sandbox.received(ref, 3)

    assert {one.raw for one in tries} == {tries[0].raw}
    assert {sandbox.read(one) for one in tries} == {"checkout.succeeded"}


async def test_webhooks_are_sent_twice_on_request(sandbox: Sandbox) -> None:
    await sandbox.set(duplicate=2)
    ref = await sandbox.open()

    await sandbox.pay(ref)
    copies = await sandbox.received(ref, 3)

    assert len({one.raw for one in copies}) == 1


async def test_webhooks_are_late_on_request(sandbox: Sandbox) -> None:
    await sandbox.set(delay_s=0.8)
    ref, start = await sandbox.open(), asyncio.get_running_loop().time()

    await sandbox.pay(ref)
    await sandbox.received(ref, 1)

    assert asyncio.get_running_loop().time() - start >= 0.8


async def test_webhooks_overtake_each_other_on_request(sandbox: Sandbox) -> None:
    await sandbox.set(reorder_s=1.0)
    ref = await sandbox.open()

    for _ in range(9):
        await sandbox.pay(ref, POOR)
    await sandbox.pay(ref)
    created = [msgspec.json.decode(one.raw)["created_at"] for one in await sandbox.received(ref, 10)]

    assert created != sorted(created)  # PAYM-06


async def test_webhooks_get_lost_on_request_and_the_list_still_knows(sandbox: Sandbox) -> None:
    await sandbox.set(drop_next=1)
    start, ref = datetime.now(UTC), await sandbox.open()

    await sandbox.pay(ref, POOR)
    await sandbox.pay(ref)
    page, _ = await sandbox.gateway.list_changed(start, None)

    assert await sandbox.types(ref, 1) == ["checkout.succeeded"]
    assert (ref, "succeeded") in [(snapshot.provider_ref, snapshot.status) for snapshot in page]


@pytest.mark.parametrize("failure", ["error", "too_many", "timeout", "lost_reply"])
async def test_calls_fail_on_request_and_may_be_repeated(sandbox: Sandbox, failure: str) -> None:
    await sandbox.set(api_failure=failure, api_next=1)
    request, start = sandbox.a_request(), datetime.now(UTC)

    with pytest.raises(GatewayUnavailable):
        await sandbox.impatient.open_checkout(request)
    opened = await sandbox.impatient.open_checkout(request)
    page, _ = await sandbox.gateway.list_changed(start, None)

    mine = [snapshot for snapshot in page if snapshot.reference == request.reference]
    assert [snapshot.provider_ref for snapshot in mine] == [opened.provider_ref]  # API-07


async def test_a_short_outage_is_not_noticed(sandbox: Sandbox) -> None:
    await sandbox.set(api_failure="lost_reply", api_next=2)

    assert await sandbox.open()


async def test_what_was_not_delivered_survives_a_restart(postgres: TestPostgres, webhooks: Receiver) -> None:
    url = postgres.url_of(await postgres.empty())
    async with httpx.AsyncClient(trust_env=False) as client:
        with sandbox_process(url, "http://127.0.0.1:9/") as first:
            before = Sandbox(first, client, webhooks)
            ref = await before.open()
            await before.pay(ref)
        with sandbox_process(url, webhooks.url) as second:
            assert await Sandbox(second, client, webhooks).types(ref, 1) == ["checkout.succeeded"]


async def test_past_payments_are_registered_without_webhooks(sandbox: Sandbox) -> None:
    records = [_past(number) for number in range(3000)]
    body = b"\n".join(msgspec.json.encode(record) for record in records)

    first, second = await _import(sandbox, body), await _import(sandbox, body)
    snapshot = await sandbox.gateway.fetch(records[1]["id"])

    assert first.json() == {"imported": 3000, "known_already": 0}
    assert second.json() == {"imported": 0, "known_already": 3000}
    assert snapshot.is_paid
    assert snapshot.refunded == Money(500, "GBP")
    assert not sandbox.receiver.of(records[1]["id"])


async def _import(sandbox: Sandbox, body: bytes) -> httpx.Response:
    return await sandbox.client.post(f"{sandbox.url}/control/import", content=body, headers=KEY)


def _past(number: int) -> dict[str, Any]:
    refund = {
        "reference": str(uuid4()),
        "amount": 500,
        "reason": "cancelled",
        "created_at": "2026-05-02T10:00:00Z",
    }
    return {
        "id": f"cs_{uuid4().hex}",
        "reference": str(uuid4()),
        "amount": 1500,
        "currency": "GBP",
        "description": "Lesson",
        "payer_email": "someone@example.org",
        "created_at": "2026-05-01T10:00:00Z",
        "refunds": [refund] if number % 2 else [],
    }


BAD: Sequence[tuple[str, dict[str, Any]]] = (
    ("amount", {"amount": 12.5}),
    ("amount", {"amount": -5}),
    ("amount", {"amount": 2**70}),
    ("currency", {"currency": "usd"}),
    ("currency", {"currency": "XXX"}),
    ("expires_at", {"expires_at": "2026-01-01T00:00:00"}),
    ("expires_at", {"expires_at": "2020-01-01T00:00:00Z"}),
    ("success_url", {"success_url": "javascript:alert(1)"}),
    ("success_url", {"success_url": "http://a; script-src *"}),
    ("description", {"description": "nul \x00"}),
    ("payer_email", {"payer_email": "nobody"}),
    ("metadata", {"metadata": {"k": 1}}),
    ("surprise", {"surprise": 1}),
)


@pytest.mark.parametrize(("param", "change"), BAD, ids=lambda value: str(value)[:30])
async def test_what_does_not_fit_is_refused_with_the_field(
    sandbox: Sandbox, param: str, change: dict[str, Any]
) -> None:
    asked = msgspec.to_builtins(sandbox.a_request()) | {"amount": 2500, "currency": "USD"}
    body = {name: asked[name] for name in NewCheckout.__struct_fields__}

    right = await sandbox.client.post(
        f"{sandbox.url}/v1/checkouts", json=body, headers=KEY | {"idempotency-key": uuid4().hex}
    )
    response = await sandbox.client.post(f"{sandbox.url}/v1/checkouts", json=body | change, headers=KEY)

    assert right.is_success, right.text
    assert response.status_code == 400  # API-04
    error = response.json()["error"]
    assert param in f"{error['param']} {error['message']}"


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic x"}])
async def test_nothing_happens_without_the_key(sandbox: Sandbox, headers: dict[str, str]) -> None:
    for method, path in (("GET", "/v1/checkouts/cs_1"), ("POST", "/control/faults"), ("POST", "/control/import")):
        response = await sandbox.client.request(method, f"{sandbox.url}{path}", headers=headers)

        assert response.status_code == 401
    assert (await sandbox.client.get(f"{sandbox.url}/control", headers=headers)).status_code == 401


async def test_accounts_do_not_see_each_other(sandbox: Sandbox) -> None:
    other = KEY | {"sandbox-account": "other"}

    response = await sandbox.client.get(f"{sandbox.url}/v1/checkouts/{await sandbox.open()}", headers=other)

    assert response.status_code == 403  # PAYM-14: the only account here is "main"


async def test_the_operator_bends_it_in_the_browser(sandbox: Sandbox) -> None:
    operator = httpx.BasicAuth("operator", SECRET_KEY)
    form = {"duplicate": "1", "delay_s": "0.5", "api_failure": "none"}

    saved = await sandbox.client.post(f"{sandbox.url}/control/form", data=form, auth=operator)
    page = await sandbox.client.get(f"{sandbox.url}/control", auth=operator)
    foreign = await sandbox.client.post(
        f"{sandbox.url}/control/form", data=form, auth=operator, headers={"sec-fetch-site": "cross-site"}
    )
    faults = await sandbox.client.get(f"{sandbox.url}/control/faults", headers=KEY)

    assert (saved.status_code, foreign.status_code) == (303, 401)
    assert "The last events" in page.text
    assert faults.json()["delay_s"] == 0.5
