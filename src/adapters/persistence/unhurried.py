"""Statements of exports and reports, which walk much: never on more than one processor, and with a rest after each that
is longer than its work. So a few of them together leave the database to everybody else. (API-03)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.statement import driver

RESTS: Final = 5.0
"""Times as long as it has worked."""
LONGEST_REST_S: Final = 1.0
_ALONE: Final = "SET LOCAL max_parallel_workers_per_gather = 0"


@asynccontextmanager
async def unhurried(engine: AsyncEngine) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """For one statement that reads; the rest is taken without a connection."""
    began = perf_counter()
    async with driver(engine) as connection, connection.transaction(readonly=True):
        await connection.execute(_ALONE)
        yield connection
    await asyncio.sleep(min(RESTS * (perf_counter() - began), LONGEST_REST_S))
