"""What every outgoing call passes. (OPS-12, PAYM-26)"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import httpx
import pytest
import stamina

from adapters.outgoing.budget import MemoryBudget
from adapters.outgoing.guard import Crowded, Guard, Patience, Resting
from adapters.outgoing.http import Caller, retry_after
from ports.budget import Rate
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent

QUICK = Patience(first_wait_s=0.0, longest_wait_s=0.0, failures=3, rest_s=60.0)


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


class Provider:
    """Answers with what it was given, in order; the last one again and again."""

    def __init__(self, *answers: Exception | str) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self) -> str:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def guard(**changes: object) -> Guard:
    return Guard("stripe/school", MemoryBudget(), **{"patience": QUICK, **changes})  # type: ignore[arg-type]


def unavailable() -> GatewayUnavailable:
    return GatewayUnavailable("stripe/school", "answered 500")


async def test_a_call_that_may_be_repeated_is_repeated_within_bounds() -> None:
    provider = Provider(unavailable(), unavailable(), "done")

    assert await guard().run("GET it", provider, repeatable=True) == "done"
    assert provider.asked == 3

    broken = Provider(unavailable())
    with pytest.raises(GatewayUnavailable):
        await guard(patience=Patience(attempts=4, first_wait_s=0.0)).run("GET it", broken, repeatable=True)
    assert broken.asked == 4


async def test_a_call_that_must_not_be_made_twice_is_made_once() -> None:
    provider = Provider(unavailable(), "done")

    with pytest.raises(GatewayUnavailable):
        await guard().run("POST it", provider, repeatable=False)

    assert provider.asked == 1


async def test_a_call_that_reached_nobody_may_always_be_repeated() -> None:
    provider = Provider(NotSent("stripe/school", "refused"), "done")

    assert await guard().run("POST it", provider, repeatable=False) == "done"


async def test_a_refusal_is_an_answer() -> None:
    provider = Provider(GatewayRefused("stripe/school", "no", "nope"))
    guarded = guard()

    for _ in range(10):
        with pytest.raises(GatewayRefused):
            await guarded.run("POST it", provider, repeatable=True)

    assert provider.asked == 10  # never twice for one call, and the breaker stays closed


async def test_who_keeps_failing_is_left_alone_and_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("purgatory.domain.model.time.time", lambda: now)
    told: list[str] = []
    guarded = guard(trouble=lambda name, state: told.append(f"{name} {state}"))
    broken = Provider(unavailable())
    for _ in range(3):
        with pytest.raises(GatewayUnavailable):
            await guarded.run("GET it", broken, repeatable=False)

    with pytest.raises(Resting):
        await guarded.run("GET it", broken, repeatable=True)
    assert broken.asked == 3

    now += 61
    assert await guarded.run("GET it", Provider("done"), repeatable=True) == "done"
    assert await guarded.run("GET it", Provider("done"), repeatable=True) == "done"
    assert told == ["stripe/school opened", "stripe/school half-opened", "stripe/school closed"]


async def test_an_attempt_ends_in_time() -> None:
    async def forever() -> str:
        await asyncio.sleep(60)
        return "late"

    with pytest.raises(GatewayUnavailable, match="no answer in"):
        await guard(patience=Patience(timeout_s=0.01)).run("POST it", forever, repeatable=False)


async def test_a_class_of_fifty_never_goes_over_the_budget() -> None:
    # PAYM-26: in a clock of our own
    now, sent = 0.0, []

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    rate = Rate(name="stripe", times=25, per_s=1.0, burst=5)
    guarded = Guard(
        "stripe/school", MemoryBudget(lambda: now), account=[rate], patience=Patience(queue_s=60.0), sleep=sleep
    )

    async def call() -> None:
        sent.append(now)

    for _ in range(50):
        await guarded.run("POST /v1/refunds", call, repeatable=True)

    for moment in sent:
        assert len([at for at in sent if moment <= at < moment + 1.0]) <= 25 + 5
    assert now == pytest.approx((50 - 5) / 25, abs=0.05)


async def test_who_would_wait_too_long_is_told_at_once_and_nothing_is_held_against_the_provider() -> None:
    rate = Rate(name="zoom", times=1, per_s=100.0)
    guarded = guard(account=[rate], patience=Patience(queue_s=5.0, failures=2))
    await guarded.run("POST it", Provider("done"), repeatable=False)

    for _ in range(5):
        with pytest.raises(Crowded):
            await guarded.run("POST it", Provider("done"), repeatable=True)


async def test_each_endpoint_has_a_budget_of_its_own() -> None:
    guarded = guard(endpoint=[Rate(name="stripe-endpoint", times=1, per_s=100.0)])

    await guarded.run("POST /v1/refunds", Provider("done"), repeatable=False)
    await guarded.run("GET /v1/refunds", Provider("done"), repeatable=False)
    with pytest.raises(Crowded):
        await guarded.run("GET /v1/refunds", Provider("done"), repeatable=False)


def caller(answer: Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]) -> Caller:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))  # type: ignore[arg-type]
    return Caller(client, guard(), lambda refused: GatewayRefused("zoom", "no", str(refused.status_code)))


@pytest.mark.parametrize("status", [429, 500, 503, 302])
async def test_an_answer_that_says_nothing_about_the_outcome(status: int) -> None:
    with pytest.raises(GatewayUnavailable) as told:
        await caller(lambda request: httpx.Response(status, headers={"retry-after": "7"})).ask(
            "POST", "https://zoom.example/x", endpoint="POST /x", repeatable=False, json={}
        )

    assert not isinstance(told.value, NotSent)
    assert told.value.retry_after_s == 7


async def test_a_clear_no_and_a_line_that_is_dead() -> None:
    with pytest.raises(GatewayRefused) as told:
        await caller(lambda request: httpx.Response(404)).ask(
            "GET", "https://zoom.example/x", endpoint="GET /x", repeatable=True
        )
    assert told.value.code == "404"

    def dead(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(NotSent):
        await caller(dead).ask("POST", "https://zoom.example/x", endpoint="POST /x", repeatable=False)


def test_when_to_come_again_is_read_in_both_forms() -> None:
    assert retry_after({"retry-after": "2.5"}) == 2.5
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None
