"""However many students pay at once, an account's budget at Stripe is kept, in a clock of its own. (PAYM-26)"""

import asyncio
import heapq
import json
import re
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from adapters.outgoing.budget import MemoryBudget
from adapters.outgoing.guard import Guard, Patience
from adapters.payments.stripe.accounts import StripeAccount
from adapters.payments.stripe.client import ENDPOINT_RATE, LIVE_RATE, TEST_RATE, Asker, new_client
from adapters.payments.stripe.gateway import StripeGateway
from domain.ids import PaymentId
from domain.money import Money
from fakes.clock import NOON, FixedClock
from ports.billing.gateway import CheckoutRequest

STUDENTS = 50


class VirtualTime:
    """Whoever sleeps is woken in order, and the time is then what he waited for."""

    def __init__(self) -> None:
        self.now, self._sleepers, self._count = 0.0, list[tuple[float, int, asyncio.Future[None]]](), 0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._count, woken))
        await woken

    async def run(self, *work: Awaitable[Any]) -> None:
        together = asyncio.gather(*work)
        while not together.done():
            for _ in range(15):
                await asyncio.sleep(0)
            if self._sleepers:
                at, _, woken = heapq.heappop(self._sleepers)
                self.now = max(self.now, at)
                woken.set_result(None)
        await together


class Stripe:
    """Answers sessions, and notes when it was asked for what."""

    def __init__(self, time: VirtualTime) -> None:
        self._time, self.asked = time, list[tuple[float, str]]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((self._time.now, f"{request.method} {re.sub('cs_[a-z0-9_]+', 'id', request.url.path)}"))
        session = {
            "id": "cs_test_1", "object": "checkout.session", "status": "open", "payment_status": "unpaid",
            "mode": "payment", "created": 1, "expires_at": 2_000_000_000, "amount_total": 900, "currency": "usd",
            "url": "https://checkout.stripe.com/c/pay/cs_test_1", "payment_intent": None,
        }  # fmt: skip
        return httpx.Response(200, content=json.dumps(session), headers={"content-type": "application/json"})

    def most_in_a_second(self, of: str = "") -> int:
        moments = [at for at, what in self.asked if of in ("", what)]
        return max(sum(1 for other in moments if start <= other < start + 1.0) for start in moments)


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "account_limit"), [("test", 25), ("live", 100)])
async def test_fifty_students_at_once_stay_within_the_budget(mode: str, account_limit: int) -> None:
    time, clock = VirtualTime(), FixedClock()
    stripe = Stripe(time)
    account = StripeAccount(name="school", secret_key=f"sk_{mode}_x", webhook_secrets=("whsec_x",))
    patience = Patience(queue_s=60.0, timeout_s=60.0)
    guard = Guard(
        "stripe/school",
        MemoryBudget(time),
        account=(LIVE_RATE if account.is_live else TEST_RATE,),
        endpoint=(ENDPOINT_RATE,),
        patience=patience,
        sleep=time.sleep,
    )
    async with httpx.AsyncClient(transport=httpx.MockTransport(stripe)) as client:
        api = new_client(account.secret_key, "https://api.stripe.com", client, patience.timeout_s)
        gateway = StripeGateway(account, api, Asker(guard), clock, "https://js.stripe.com/x")

        async def pays(number: int) -> None:
            checkout = await gateway.open_checkout(a_request(number))
            await gateway.fetch(checkout.provider_ref)
            await gateway.expire(checkout.provider_ref)

        await time.run(*(pays(number) for number in range(STUDENTS)))

    assert len(stripe.asked) == 4 * STUDENTS
    assert stripe.most_in_a_second() <= account_limit
    for endpoint in {what for _, what in stripe.asked}:
        assert stripe.most_in_a_second(endpoint) <= 25, endpoint
    assert time.now < 4 * STUDENTS / 10  # and nobody waits for nothing


def a_request(number: int) -> CheckoutRequest:
    return CheckoutRequest(
        reference=PaymentId(UUID(int=number)),
        idempotency_key=str(number),
        amount=Money(900, "USD"),
        description="Quran lesson",
        payer_email="maryam@example.org",
        success_url="https://halaqa.test/a",
        cancel_url="https://halaqa.test/b",
        expires_at=NOON + timedelta(hours=1),
        metadata={},
        created_at=NOON,
    )
