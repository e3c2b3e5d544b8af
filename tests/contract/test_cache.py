"""What every cache promises: the one of a process, and the one that all processes share. (OPS-07)"""

import asyncio
from collections.abc import AsyncIterator
from time import perf_counter
from uuid import UUID

import pytest
from redis.asyncio import Redis

from adapters.cache import MemoryCache, RedisCache
from domain.ids import AcademyId
from ports.academy import within
from ports.cache import BIGGEST, LONGEST_S, Cache

OTHERS = AcademyId(UUID(int=2))


class Ticking:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticking() -> Ticking:
    return Ticking()


async def emptied(url: str) -> Redis:
    redis: Redis = Redis.from_url(url)
    await redis.flushall()
    return redis


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.valkey)])
async def cache(request: pytest.FixtureRequest, ticking: Ticking) -> AsyncIterator[Cache]:
    if request.param == "memory":
        yield MemoryCache(ticking)
        return
    redis = await emptied(request.getfixturevalue("valkey_server"))
    yield RedisCache(redis, ticking)
    await redis.aclose(close_connection_pool=True)


async def test_what_was_put_is_got_and_nothing_else(cache: Cache) -> None:
    await cache.put("figures", b"\x00\xffsome", for_s=30)

    assert await cache.get("figures") == b"\x00\xffsome"
    assert await cache.get("figure") is None


async def test_the_last_one_counts_also_when_it_is_nothing(cache: Cache) -> None:
    await cache.put("figures", b"old", for_s=30)
    await cache.put("figures", b"", for_s=30)

    assert await cache.get("figures") == b""


async def test_its_time_ends(cache: Cache, ticking: Ticking) -> None:
    await cache.put("figures", b"1", for_s=30)
    ticking.now += 29.9
    assert await cache.get("figures") == b"1"

    ticking.now += 0.2

    assert await cache.get("figures") is None


async def test_a_new_value_has_a_time_of_its_own(cache: Cache, ticking: Ticking) -> None:
    await cache.put("figures", b"1", for_s=600)
    await cache.put("figures", b"2", for_s=30)

    ticking.now += 31

    assert await cache.get("figures") is None


async def test_nothing_stays_longer_than_a_day(cache: Cache, ticking: Ticking) -> None:
    await cache.put("figures", b"1", for_s=1e9)

    ticking.now += LONGEST_S + 1

    assert await cache.get("figures") is None


@pytest.mark.parametrize("for_s", [0, -5])
async def test_what_has_no_time_left_is_not_kept_and_takes_the_older_one_along(cache: Cache, for_s: float) -> None:
    await cache.put("figures", b"old", for_s=30)

    await cache.put("figures", b"new", for_s=for_s)

    assert await cache.get("figures") is None


async def test_what_is_too_big_is_not_kept_and_takes_the_older_one_along(cache: Cache) -> None:
    await cache.put("figures", b"old", for_s=30)
    await cache.put("just fits", bytes(BIGGEST), for_s=30)

    await cache.put("figures", bytes(BIGGEST + 1), for_s=30)

    assert await cache.get("figures") is None
    assert await cache.get("just fits") == bytes(BIGGEST)


async def test_what_is_dropped_is_gone(cache: Cache) -> None:
    await cache.put("figures", b"1", for_s=30)
    await cache.put("others", b"2", for_s=30)

    await cache.drop("figures")
    await cache.drop("never there")

    assert await cache.get("figures") is None
    assert await cache.get("others") == b"2"


async def test_academies_do_not_see_each_others(cache: Cache) -> None:
    # ADM-10
    await cache.put("figures", b"ours", for_s=30)
    with within(OTHERS):
        assert await cache.get("figures") is None
        await cache.put("figures", b"theirs", for_s=30)
        await cache.drop("nothing of ours")

    assert await cache.get("figures") == b"ours"
    await cache.drop("figures")
    with within(OTHERS):
        assert await cache.get("figures") == b"theirs"


async def test_a_process_keeps_what_was_asked_for_lately(ticking: Ticking) -> None:
    cache = MemoryCache(ticking, many=3)
    for name in ("a", "b", "c"):
        await cache.put(name, name.encode(), for_s=30)
    await cache.get("a")

    await cache.put("d", b"d", for_s=30)

    assert [await cache.get(name) for name in "abcd"] == [b"a", None, b"c", b"d"]


async def test_a_process_has_room_for_so_many_bytes(ticking: Ticking) -> None:
    cache = MemoryCache(ticking, room=100)
    for number in range(50):
        await cache.put(f"n{number % 5}", bytes(40), for_s=30)
    await cache.drop("n4")
    ticking.now += 31
    await cache.get("n3")

    for name in ("x", "y"):
        await cache.put(name, bytes(50), for_s=30)

    assert [await cache.get(name) for name in ("x", "y")] == [bytes(50)] * 2


async def test_redis_holds_it_under_a_name_of_its_own_and_tidies_up(valkey_url: str) -> None:
    redis = await emptied(valkey_url)
    await RedisCache(redis).put("figures", b"1", for_s=30)

    (key,) = await redis.keys("*")

    assert key.startswith(b"halaqa:cache:")
    assert 25 < await redis.ttl(key) <= 30
    await redis.aclose(close_connection_pool=True)


async def test_a_flush_at_any_moment_is_a_miss(valkey_url: str) -> None:
    redis = await emptied(valkey_url)
    cache = RedisCache(redis)
    await cache.put("figures", b"1", for_s=30)

    await redis.flushall()

    assert await cache.get("figures") is None
    await cache.put("figures", b"2", for_s=30)
    assert await cache.get("figures") == b"2"
    await redis.aclose(close_connection_pool=True)


@pytest.mark.parametrize("held", [b"short", b"\x7f\xf8\x00\x00\x00\x00\x00\x00nan", None])
async def test_what_somebody_else_has_left_there_is_a_miss(valkey_url: str, held: bytes | None) -> None:
    redis = await emptied(valkey_url)
    cache = RedisCache(redis)
    await cache.put("figures", b"1", for_s=30)
    (key,) = await redis.keys("*")
    await redis.delete(key)
    await redis.hset(key, "no", "text") if held is None else await redis.set(key, held)  # type: ignore[misc]

    assert await cache.get("figures") is None
    await redis.aclose(close_connection_pool=True)


async def test_without_redis_all_of_it_is_a_quick_miss() -> None:
    redis = Redis.from_url("redis://127.0.0.1:1/0")
    cache = RedisCache(redis)
    began = perf_counter()

    for _ in range(50):
        await cache.put("figures", b"1", for_s=30)
        assert await cache.get("figures") is None
        await cache.drop("figures")

    assert perf_counter() - began < 1.0
    await redis.aclose(close_connection_pool=True)


async def test_a_redis_that_hangs_is_waited_for_once(hung: str) -> None:
    redis = Redis.from_url(hung)
    cache = RedisCache(redis, patience_s=0.05)
    began = perf_counter()

    found = [await cache.get("figures") for _ in range(50)]

    assert found == [None] * 50
    assert perf_counter() - began < 0.5
    await redis.aclose(close_connection_pool=True)


@pytest.fixture
async def hung() -> AsyncIterator[str]:
    """Takes connections and says nothing."""
    over = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    over.set()
    server.close()
