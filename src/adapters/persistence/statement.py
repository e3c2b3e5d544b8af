"""Statements are written with SQLAlchemy Core, compiled once, and run on the asyncpg connection itself.

    by_id = Statement(select(bookings).where(bookings.c.id == bindparam("id", type_=Uuid)))
    row = await by_id.row(connection, id=booking_id)

What SQLAlchemy adds on the way to the driver (its own execution layer) costs four times what it saves on hot paths;
see the section "Speed" of the architecture decision. Values go to asyncpg as they are, so a JSONB column takes and
gives ``str`` (encode and decode with msgspec), and lists are passed whole: write ``column == any_(bindparam("ids"))``
instead of ``column.in_(...)``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.elements import ClauseElement

DIALECT: Final = asyncpg_dialect()  # type: ignore[no-untyped-call]


class Statement:
    """A Core statement as SQL text with numbered parameters. Literals inside it are kept as default values."""

    def __init__(self, clause: ClauseElement) -> None:
        compiled = cast(Any, clause.compile(dialect=DIALECT))
        # Lists of literals (``status IN (…)``) are written out now: nobody is there to expand them at each call.
        required = {name: None for bind, name in compiled.bind_names.items() if bind.required}
        written = compiled.construct_expanded_state(required)
        self.sql: str = written.statement
        self._order: tuple[str, ...] = tuple(written.positiontup or ())
        self._defaults: dict[str, Any] = {k: v for k, v in written.parameters.items() if k in self._order}

    def _values(self, given: dict[str, Any]) -> list[Any]:
        unknown = given.keys() - set(self._order)
        if unknown:
            raise TypeError(f"the statement has no parameter {', '.join(sorted(unknown))}")
        return [given[name] if name in given else self._defaults[name] for name in self._order]

    async def all(self, connection: "asyncpg.Connection[Any]", **values: Any) -> list["asyncpg.Record"]:
        return await connection.fetch(self.sql, *self._values(values))

    async def row(self, connection: "asyncpg.Connection[Any]", **values: Any) -> "asyncpg.Record | None":
        return await connection.fetchrow(self.sql, *self._values(values))

    async def value(self, connection: "asyncpg.Connection[Any]", **values: Any) -> Any:
        return await connection.fetchval(self.sql, *self._values(values))

    async def run(self, connection: "asyncpg.Connection[Any]", **values: Any) -> int:
        """How many rows it touched."""
        status: str = await connection.execute(self.sql, *self._values(values))
        tail = status.rsplit(" ", 1)[-1]
        return int(tail) if tail.isdigit() else 0


@asynccontextmanager
async def driver(engine: AsyncEngine) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """The asyncpg connection that SQLAlchemy's pool lends, outside any transaction (each statement is its own)."""
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        yield cast("asyncpg.Connection[Any]", raw.driver_connection)
