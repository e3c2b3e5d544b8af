"""One running system for all of these tests; each brings people of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.passwords import ArgonHasher
from support.postgres import TestPostgres
from support.system import System
from support.town import PASSWORD, Town


@pytest.fixture(scope="session")
def system_database(postgres: TestPostgres) -> Iterator[str]:
    name = asyncio.run(postgres.clone())
    yield postgres.url_of(name)
    asyncio.run(postgres.drop(name))


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory, system_database: str, valkey_server: str) -> Iterator[System]:
    running = System(Path(tmp_path_factory.mktemp("system")), system_database, valkey_server)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def password_hash() -> str:
    return asyncio.run(ArgonHasher().hash(PASSWORD))


@pytest.fixture
async def town(system: System, system_database: str, password_hash: str) -> AsyncIterator[Town]:
    people = Town(system, system_database, password_hash)
    yield people
    await people.close()
