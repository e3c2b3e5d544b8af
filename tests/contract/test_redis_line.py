"""OPS-05: the shared line to Redis answers in order, says when it broke, and connects anew."""

import asyncio

import hiredis
import pytest
from redis.asyncio import Redis

from adapters.redis_line import LineBroken, RedisLine, suits


@pytest.fixture
def line(valkey_url: str) -> RedisLine:
    return RedisLine(valkey_url)


async def test_answers_come_in_the_order_of_the_questions(line: RedisLine) -> None:
    await asyncio.gather(*(line.ask("SET", f"line:{n}", str(n)) for n in range(50)))

    found = await asyncio.gather(*(line.ask("GET", f"line:{n}") for n in range(50)))

    assert found == [str(n).encode() for n in range(50)]
    line.give_up()


async def test_who_has_stopped_waiting_does_not_confuse_the_others(line: RedisLine) -> None:
    await line.ask("SET", "line:first", "1")
    waiting = asyncio.create_task(line.ask("GET", "line:first"))
    await asyncio.sleep(0)
    waiting.cancel()

    assert await line.ask("ECHO", "second") == b"second"
    line.give_up()


async def test_what_redis_refuses_is_raised_and_the_line_goes_on(line: RedisLine) -> None:
    with pytest.raises(hiredis.ReplyError):
        await line.ask("NO-SUCH-COMMAND")

    assert await line.ask("ECHO", "still here") == b"still here"
    line.give_up()


async def test_a_line_that_was_cut_is_said_to_be_broken_and_connects_anew(line: RedisLine, valkey_url: str) -> None:
    me = int(await line.ask("CLIENT", "ID"))
    waiting = asyncio.create_task(line.ask("BLPOP", "line:nothing", "5"))
    await asyncio.sleep(0.05)
    client = Redis.from_url(valkey_url)
    await client.execute_command("CLIENT", "KILL", "ID", me)
    await client.aclose()

    with pytest.raises(LineBroken):
        await waiting
    assert await line.ask("ECHO", "again") == b"again"
    line.give_up()


async def test_who_gives_up_does_not_take_the_address_with_him(line: RedisLine) -> None:
    await line.ask("ECHO", "one")

    line.give_up()

    assert await line.ask("ECHO", "two") == b"two"
    line.give_up()


async def test_where_nobody_listens_an_error_of_the_network_is_raised() -> None:
    with pytest.raises(OSError, match="Connect"):
        await RedisLine("redis://127.0.0.1:1/0").ask("PING")


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("redis://localhost:6379/2", True),
        ("rediss://user:secret@redis.example:6380/0", True),
        ("unix:///run/valkey.sock?db=1", True),
        ("rediss://redis.example/0?ssl_cert_reqs=none", False),
    ],
)
def test_an_address_with_wishes_of_its_own_is_left_to_others(url: str, fits: bool) -> None:
    assert suits(url) is fits
