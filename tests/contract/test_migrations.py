"""The migrations lead to the schema that the tables declare, and may be run as often as one likes."""

import asyncio
from typing import Final

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.migrate import configuration, upgrade
from adapters.persistence.revision import current, heads, is_current
from adapters.persistence.schema import whole_schema
from support.postgres import TestPostgres

pytestmark = pytest.mark.slow

# Every constraint and index as PostgreSQL itself writes it: Alembic's comparison does not look at exclusion and
# check constraints, nor at index methods and predicates. Triggers are the migrations' own.
DEFINITIONS: Final = """
    SELECT conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace AND contype NOT IN ('n', 't')
    UNION ALL
    SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
"""


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), whole_schema()))


async def _definitions(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        rows = (await connection.exec_driver_sql(DEFINITIONS)).scalars().all()
    return {row for row in rows if "alembic_version" not in row}


def test_there_is_one_line_of_migrations() -> None:
    assert frozenset(ScriptDirectory.from_config(configuration()).get_heads()) == heads()
    assert len(heads()) == 1


async def test_the_migrated_schema_is_the_declared_one(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_migrated_and_declared_constraints_and_indexes_agree(
    database: AsyncEngine, postgres: TestPostgres
) -> None:
    name = await postgres.empty()
    declared = postgres.engine(name)
    async with declared.begin() as connection:
        for extension in ("btree_gist", "pg_trgm"):
            await connection.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        await connection.run_sync(whole_schema().create_all)

    declared_definitions, migrated_definitions = await _definitions(declared), await _definitions(database)

    await declared.dispose()
    await postgres.drop(name)
    assert sorted(migrated_definitions - declared_definitions) == []
    assert sorted(declared_definitions - migrated_definitions) == []


async def test_an_upgrade_walks_from_empty_to_head_and_a_second_one_changes_nothing(postgres: TestPostgres) -> None:
    name = await postgres.empty()
    engine = postgres.engine(name)
    try:
        assert await current(engine) == frozenset()
        assert not await is_current(postgres.url_of(name))
        await upgrade(postgres.url_of(name))
        first = await _definitions(engine)

        await upgrade(postgres.url_of(name))

        assert await current(engine) == heads()
        assert await is_current(postgres.url_of(name))
        assert await _definitions(engine) == first
    finally:
        await engine.dispose()
        await postgres.drop(name)


async def test_two_upgrades_at_once_do_not_meet(postgres: TestPostgres) -> None:

    name = await postgres.empty()
    engine = postgres.engine(name)
    try:
        await asyncio.gather(upgrade(postgres.url_of(name)), upgrade(postgres.url_of(name)))

        assert await current(engine) == heads()
    finally:
        await engine.dispose()
        await postgres.drop(name)


async def test_a_test_database_is_a_clone_of_the_migrated_template(database_url: str) -> None:
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
        assert (await connection.fetchval("SHOW server_version")).startswith("18")
    finally:
        await connection.close()
