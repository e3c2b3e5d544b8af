"""A seal over every table: how many rows, and a digest of them all in which their order does not count.

Two databases with the same seals hold the same rows. The text of a row depends on the session's settings, so these are
set; the digest is the sum of the two halves of each row's MD5, which guards against loss and damage, not against
somebody who forges both rows and seals.
"""

from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import msgspec

_SETTINGS: Final = (
    "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, MDY'; SET LOCAL intervalstyle = 'postgres'; "
    "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL xmloption = 'content'; "
    "SET LOCAL search_path = pg_catalog"
)
_TABLES: Final = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     ORDER BY 1, 2
"""
_SEAL: Final = """
    SELECT count(*),
           coalesce(sum(('x' || left(digest, 16))::bit(64)::bigint), 0)::text,
           coalesce(sum(('x' || right(digest, 16))::bit(64)::bigint), 0)::text
      FROM (SELECT md5(row_of::text) AS digest FROM {table} AS row_of) AS digests
"""


class Seal(msgspec.Struct, frozen=True):
    rows: int
    digest: str


Seals = Mapping[str, Seal]
"""By "schema.table"."""


async def seals_of(connection: "asyncpg.Connection[Any]") -> dict[str, Seal]:
    """Inside a transaction of the caller's, which decides what moment is seen."""
    await connection.execute(_SETTINGS)
    found = {}
    for schema, name in await connection.fetch(_TABLES):
        table = f"{_quoted(schema)}.{_quoted(name)}"
        rows, left, right = await connection.fetchrow(_SEAL.format(table=table)) or (0, "0", "0")
        found[f"{schema}.{name}"] = Seal(rows, f"{left}:{right}")
    return found


def differences(wanted: Seals, found: Seals) -> list[str]:
    """One line for each table that is not as it was."""
    lines = [f"{name} is missing" for name in sorted(wanted.keys() - found.keys())]
    lines += [f"{name} was not there" for name in sorted(found.keys() - wanted.keys())]
    for name in sorted(wanted.keys() & found.keys()):
        before, after = wanted[name], found[name]
        if before.rows != after.rows:
            lines.append(f"{name} has {after.rows} rows instead of {before.rows}")
        elif before != after:
            lines.append(f"{name} has rows that are not as they were")
    return lines


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
