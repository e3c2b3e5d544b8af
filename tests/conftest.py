"""What every test may ask for. Servers start when the first test asks, so unit tests alone start nothing."""

import gc
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from fakes.clock import NOON, FixedClock
from fakes.ids import SequentialIds
from support.postgres import TestPostgres, shared_server
from support.valkey import throwaway_valkey

settings.register_profile("any machine", deadline=None)  # a busy machine is slow, which is no mistake of ours
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests below tests/e2e are marked so, and a test that asks for a server carries that server's mark."""
    for item in items:
        if "e2e" in Path(item.path).parts:
            item.add_marker(pytest.mark.e2e)
        names = set(getattr(item, "fixturenames", ()))
        if names & {"postgres", "postgres_url", "database", "database_url"}:
            item.add_marker(pytest.mark.postgres)
        if names & {"valkey_server", "valkey_url", "valkey"}:
            item.add_marker(pytest.mark.valkey)
    # What takes longest comes first, so that the others run beside it and nobody waits for it at the end.
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """What has been loaded by now stays to the end: the collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def new_id() -> SequentialIds:
    return SequentialIds()


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestPostgres]:
    """The server, for tests that need more than one clean database."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"run{os.getpid()}"
    with shared_server(run[:16]) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres: TestPostgres) -> str:
    """Leads to the migrated template. Read it, clone it, do not write to it."""
    return postgres.url


@pytest.fixture
async def database_url(postgres: TestPostgres) -> AsyncIterator[str]:
    """A migrated database of this test's own; taken away afterwards, whoever is still connected."""
    name = await postgres.borrow()
    yield postgres.url_of(name)
    await postgres.give_back(name)


@pytest.fixture
async def database(postgres: TestPostgres) -> AsyncIterator[AsyncEngine]:
    """An engine on a migrated database of this test's own."""
    name = await postgres.borrow()
    engine = postgres.engine(name)
    yield engine
    await engine.dispose()
    await postgres.give_back(name)


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    with throwaway_valkey() as url:
        yield url


@pytest.fixture
async def valkey_url(valkey_server: str) -> AsyncIterator[str]:
    """An empty Valkey."""
    yield valkey_server
    client = Redis.from_url(valkey_server)
    await client.flushall()
    await client.aclose()
