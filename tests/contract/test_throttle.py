"""Counters, in memory and in a real Valkey. (ID-14, API-02)"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from adapters.throttle import RedisThrottle
from fakes.clock import FixedClock
from fakes.throttle import MemoryThrottle
from ports.throttle import Limit, Throttle

EXACT = Limit(name="exact", times=3, per_s=900, exact=True)
LOOSE = Limit(name="loose", times=3, per_s=900)
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def memory_throttle() -> MemoryThrottle:
    return MemoryThrottle(FixedClock())


@pytest.fixture
async def valkey_throttle(valkey_url: str) -> AsyncIterator[RedisThrottle]:
    throttle = RedisThrottle(valkey_url)
    yield throttle
    await throttle.close()


@pytest.fixture(params=["memory", pytest.param("valkey", marks=pytest.mark.valkey)])
def throttle(request: pytest.FixtureRequest) -> Throttle:
    found: Throttle = request.getfixturevalue(f"{request.param}_throttle")
    return found


@pytest.mark.parametrize("limit", [EXACT, LOOSE], ids=lambda limit: limit.name)
async def test_so_many_and_no_more(throttle: Throttle, limit: Limit) -> None:
    before = await throttle.look(limit, "me")
    standings = [await throttle.hit(limit, "me") for _ in range(5)]
    after = await throttle.look(limit, "me")

    assert (before.allowed, before.left) == (True, 3)
    assert [(standing.allowed, standing.left) for standing in standings] == [
        (True, 2), (True, 1), (True, 0), (False, 0), (False, 0),
    ]  # fmt: skip
    assert (after.allowed, after.left) == (False, 0)
    assert 0 < after.reset_s <= 900
    assert (await throttle.hit(limit, "you")).allowed


@pytest.mark.parametrize("limit", [EXACT, LOOSE], ids=lambda limit: limit.name)
async def test_what_is_cleared_starts_again(throttle: Throttle, limit: Limit) -> None:
    for _ in range(4):
        await throttle.hit(limit, "me")

    await throttle.clear(limit, "me")

    assert (await throttle.look(limit, "me")).left == 3


@pytest.mark.parametrize("limit", [EXACT, LOOSE], ids=lambda limit: limit.name)
async def test_of_many_at_once_no_more_than_the_limit_get_through(throttle: Throttle, limit: Limit) -> None:
    standings = await asyncio.gather(*(throttle.hit(limit, "me") for _ in range(30)))

    assert Counter(standing.allowed for standing in standings) == {True: 3, False: 27}


async def test_without_redis_an_exact_limit_holds_in_each_process_and_the_others_let_pass() -> None:
    throttle = RedisThrottle(NOWHERE)

    exact = [(await throttle.hit(EXACT, "me")).allowed for _ in range(5)]
    loose = [(await throttle.hit(LOOSE, "me")).allowed for _ in range(5)]

    assert exact == [True, True, True, False, False]
    assert loose == [True] * 5
    await throttle.clear(EXACT, "me")
    assert (await throttle.look(EXACT, "me")).allowed
    await throttle.close()


async def test_a_generous_limit_is_fetched_in_portions_and_holds_over_all_processes(valkey_url: str) -> None:
    generous = Limit(name="generous", times=250, per_s=900)
    processes = [RedisThrottle(valkey_url) for _ in range(3)]

    allowed = 0
    for turn in range(400):
        allowed += (await processes[turn % 3].hit(generous, "me")).allowed
    alone = [(await processes[0].hit(generous, "you")).left for _ in range(5)]

    assert allowed == 250
    assert alone == [249, 248, 247, 246, 245]
    for throttle in processes:
        await throttle.close()


async def test_many_at_the_same_moment_share_a_portion_instead_of_taking_one_each(valkey_url: str) -> None:  # API-02
    generous = Limit(name="burst", times=1000, per_s=900)
    throttle = RedisThrottle(valkey_url)

    standings = await asyncio.gather(*(throttle.hit(generous, "me") for _ in range(200)))
    left = (await throttle.look(generous, "me")).left
    more = await asyncio.gather(*(throttle.hit(generous, "me") for _ in range(900)))

    assert all(standing.allowed for standing in standings)
    assert left == 800
    assert Counter(standing.allowed for standing in more) == {True: 800, False: 100}
    await throttle.close()
