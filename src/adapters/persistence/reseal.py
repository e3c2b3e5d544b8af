"""Everything that is sealed, sealed anew with the newest key. (OPS-11, OPS-15)"""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import Column, Table
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.metadata import SEALED
from adapters.persistence.schema import whole_schema
from adapters.persistence.statement import driver
from ports.cipher import Cipher

AT_ONCE: Final = 200


def sealed_columns() -> Sequence["Column[Any]"]:
    """Of all tables, in a fixed order: those that ``metadata.sealed_column`` made."""
    return [
        column
        for table in sorted(whole_schema().tables.values(), key=lambda table: table.name)
        for column in table.c
        if column.info.get(SEALED)
    ]


async def reseal(engine: AsyncEngine, cipher: Cipher, column: "Column[Any]") -> int:
    """How many values there were. Of all academies; in small transactions, in the order of the keys, so that it may be
    stopped, repeated, and run while the school is open. Raises CannotOpen.
    """
    table: Table = column.table
    keys = [key.name for key in table.primary_key.columns]
    names, count = ", ".join(keys), len(keys)
    beyond = ", ".join(f"${number}" for number in range(1, count + 1))
    where = f"{column.name} IS NOT NULL"
    first = f"SELECT {names}, {column.name} FROM {table.name} WHERE {where}"  # noqa: S608  (names of our own schema)
    tail = f" ORDER BY {names} LIMIT {AT_ONCE} FOR UPDATE"
    following = f"{first} AND ({names}) > ({beyond})"
    same = " AND ".join(f"{key} = ${number}" for number, key in enumerate(keys, 2))
    change = f"UPDATE {table.name} SET {column.name} = $1 WHERE {same}"  # noqa: S608  (names of our own schema)
    done, last = 0, None
    while True:
        async with driver(engine) as connection, connection.transaction():
            rows: list[asyncpg.Record] = (
                await connection.fetch(first + tail)
                if last is None
                else await connection.fetch(following + tail, *last)
            )
            for row in rows:
                last = tuple(row[key] for key in keys)
                await connection.execute(change, cipher.reseal(row[column.name]), *last)
        done += len(rows)
        if len(rows) < AT_ONCE:
            return done
