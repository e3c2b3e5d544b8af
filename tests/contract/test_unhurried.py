"""API-03: heavy statements use one processor, change nothing, and are followed by a rest."""

import asyncio
from time import perf_counter

import pytest
from asyncpg.exceptions import ReadOnlySQLTransactionError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence import unhurried as module
from adapters.persistence.statement import driver
from adapters.persistence.unhurried import unhurried

pytestmark = pytest.mark.postgres
_PARALLEL = "SHOW max_parallel_workers_per_gather"


async def test_they_run_on_one_processor_and_others_are_as_before(database: AsyncEngine) -> None:
    async with driver(database) as connection:
        before = await connection.fetchval(_PARALLEL)

    async with unhurried(database) as connection:
        assert await connection.fetchval(_PARALLEL) == "0"

    async with driver(database) as connection:
        assert await connection.fetchval(_PARALLEL) == before


async def test_they_change_nothing(database: AsyncEngine) -> None:
    with pytest.raises(ReadOnlySQLTransactionError):
        async with unhurried(database) as connection:
            await connection.execute("DELETE FROM users")


async def test_the_rest_is_longer_than_the_work_and_holds_no_connection(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    began = perf_counter()
    async with unhurried(database) as connection:
        await connection.execute("SELECT pg_sleep(0.02)")
    took = perf_counter() - began

    (rested,) = slept
    assert 0.02 * module.RESTS <= rested <= min(took * module.RESTS, module.LONGEST_REST_S)
