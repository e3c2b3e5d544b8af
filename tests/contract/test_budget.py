"""What every budget promises, in a clock of its own: the one of a process, and the one that all processes share."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from adapters.outgoing.budget import MemoryBudget, RedisBudget
from ports.budget import Budget, Rate

pytestmark = pytest.mark.valkey
RATE = Rate(name="stripe", times=25, per_s=1.0, burst=5)


class Ticking:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture(params=["memory", "redis"])
async def budget(request: pytest.FixtureRequest, clock: Ticking, valkey_url: str) -> AsyncIterator[Budget]:
    if request.param == "memory":
        yield MemoryBudget(clock)
        return
    redis = Redis.from_url(valkey_url)
    await redis.flushdb()
    yield RedisBudget(redis, clock)
    await redis.aclose(close_connection_pool=True)


async def test_a_burst_goes_at_once_and_then_one_at_a_time(budget: Budget) -> None:
    waits = [await budget.take(RATE, "school", patience_s=60) for _ in range(8)]

    assert waits[:5] == [0.0] * 5
    assert waits[5:] == pytest.approx([0.04, 0.08, 0.12], abs=1e-5)


async def test_time_gives_turns_back(budget: Budget, clock: Ticking) -> None:
    for _ in range(5):
        await budget.take(RATE, "school", patience_s=0)
    assert await budget.take(RATE, "school", patience_s=0) is None

    clock.now += 0.041

    assert await budget.take(RATE, "school", patience_s=0) == 0.0
    assert await budget.take(RATE, "school", patience_s=0) is None


async def test_who_does_not_wait_takes_nobodys_turn(budget: Budget) -> None:
    for _ in range(5):
        await budget.take(RATE, "school", patience_s=0)

    for _ in range(10):
        assert await budget.take(RATE, "school", patience_s=0.01) is None

    assert await budget.take(RATE, "school", patience_s=1) == pytest.approx(0.04, abs=1e-5)


async def test_accounts_do_not_share(budget: Budget) -> None:
    for _ in range(5):
        await budget.take(RATE, "school", patience_s=0)

    assert await budget.take(RATE, "courses", patience_s=0) == 0.0


async def test_fifty_at_once_are_spread_over_time(budget: Budget) -> None:
    # PAYM-26
    waits = sorted(
        wait
        for wait in await asyncio.gather(*(budget.take(RATE, "s", patience_s=60) for _ in range(50)))
        if wait is not None
    )

    assert len(waits) == 50
    assert all(len([at for at in waits if first <= at < first + 1.0]) <= 30 for first in waits)
    assert waits[-1] == pytest.approx(45 * 0.04, abs=1e-4)


async def test_without_redis_each_process_keeps_its_own() -> None:
    budget = RedisBudget(Redis.from_url("redis://127.0.0.1:1/0"))

    waits = [await budget.take(RATE, "school", patience_s=0) for _ in range(6)]

    assert waits[:5] == [0.0] * 5
    assert waits[5] is None
