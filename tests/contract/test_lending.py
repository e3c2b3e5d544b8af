"""OPS-05: database connections are lent, given back, waited for, and not lent again when in doubt."""

import asyncio

import pytest

from adapters.persistence.engine import new_engine
from adapters.persistence.lending import LendingEngine
from adapters.persistence.statement import driver


@pytest.fixture
async def engine(database_url: str) -> LendingEngine:
    return new_engine(database_url, pool_size=2)


async def _pid(engine: LendingEngine) -> int:
    async with driver(engine) as connection:
        return int(await connection.fetchval("SELECT pg_backend_pid()"))


async def test_one_connection_serves_who_come_after_each_other(engine: LendingEngine) -> None:
    assert len({await _pid(engine) for _ in range(5)}) == 1
    await engine.dispose()


async def test_more_than_there_are_wait_in_line(engine: LendingEngine) -> None:
    pids = await asyncio.gather(*(_pid(engine) for _ in range(20)))

    assert len(set(pids)) <= 2
    await engine.dispose()


async def test_an_open_transaction_is_not_handed_on(engine: LendingEngine) -> None:
    async with driver(engine) as connection:
        pid = await connection.fetchval("SELECT pg_backend_pid()")
        await connection.execute("BEGIN")

    assert await _pid(engine) != pid
    await engine.dispose()


async def test_who_is_interrupted_leaves_no_half_read_answer_behind(engine: LendingEngine) -> None:
    async def slow() -> None:
        async with driver(engine) as connection:
            await connection.execute("SELECT pg_sleep(5)")

    tasks = [asyncio.create_task(slow()) for _ in range(2)]
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert len(await asyncio.gather(*(_pid(engine) for _ in range(6)))) == 6
    await engine.dispose()


async def test_a_connection_that_the_server_has_ended_is_replaced(engine: LendingEngine) -> None:
    pid = await _pid(engine)
    other = new_engine(engine.url.render_as_string(hide_password=False), pool_size=1)
    async with driver(other) as connection:
        await connection.execute("SELECT pg_terminate_backend($1)", pid)
    await other.dispose()
    await asyncio.sleep(0.1)

    assert await _pid(engine) != pid
    await engine.dispose()


async def test_who_stops_waiting_keeps_nobody_from_his_turn(engine: LendingEngine) -> None:
    async with driver(engine), driver(engine):
        waiting = asyncio.create_task(_pid(engine))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    assert len(await asyncio.gather(*(_pid(engine) for _ in range(6)))) == 6
    await engine.dispose()
