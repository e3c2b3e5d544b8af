"""Which schema a database has, and which one this release needs, without loading Alembic: every process asks that."""

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import asyncpg

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

CURRENT: Final = "SELECT version_num FROM alembic_version"
KNOWS_ANY: Final = "SELECT to_regclass('alembic_version') IS NOT NULL"
_REVISION: Final = re.compile(r'^revision\b[^=\n]*= *"([^"]+)"', re.MULTILINE)


def heads() -> frozenset[str]:
    """The last migration's. There is one line of them, in the order of their file names."""
    folder = files("adapters.persistence") / "migrations" / "versions"
    last = max((entry for entry in folder.iterdir() if entry.name[:1].isdigit()), key=lambda entry: entry.name)
    found = _REVISION.search(last.read_text("utf-8"))
    if found is None:
        raise LookupError(f"{last.name} names no revision")
    return frozenset({found[1]})


async def current(engine: "AsyncEngine") -> frozenset[str]:
    """Empty before the first migration."""
    from adapters.persistence.statement import driver

    async with driver(engine) as connection:
        return await _versions(connection)


async def is_current(url: str) -> bool:
    """For those who have no engine."""
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://", 1))
    try:
        return await _versions(connection) == heads()
    finally:
        await connection.close()


async def _versions(connection: "asyncpg.Connection[Any]") -> frozenset[str]:
    if not await connection.fetchval(KNOWS_ANY):
        return frozenset()
    return frozenset(row["version_num"] for row in await connection.fetch(CURRENT))
