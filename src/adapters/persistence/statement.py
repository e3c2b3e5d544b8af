"""Statements are written with SQLAlchemy Core, compiled once, and run on the asyncpg connection itself.

    by_id = Statement(select(bookings).where(bookings.c.id == bindparam("id", type_=Uuid)))
    row = await by_id.row(connection, id=booking_id)

What SQLAlchemy adds on the way to the driver (its own execution layer) costs four times what it saves on hot paths;
see the section "Speed" of the architecture decision. Values go to asyncpg as they are, so a JSONB column takes and
gives ``str`` (encode and decode with msgspec), and lists are passed whole: write ``column == any_(bindparam("ids"))``
instead of ``column.in_(...)``.

A statement on a table with walls (``metadata.academy_column``) sees and writes the current academy's rows alone: the
condition is added here, so that nobody can forget it. One that has to look over the walls says why. (ADM-10)
"""

from collections.abc import Iterable
from typing import Any, Final, TypeVar, cast

import asyncpg
from sqlalchemy import Delete, FromClause, Insert, Select, Update, Uuid, bindparam
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.selectable import Join

from adapters.persistence.lending import Lent
from adapters.persistence.line import Ask
from adapters.persistence.metadata import WALL
from ports.academy import current_academy

DIALECT: Final = asyncpg_dialect()  # type: ignore[no-untyped-call]
INSIDE: Final = "academy"
"""The parameter that ``Statement`` fills by itself."""
C = TypeVar("C", bound=ClauseElement)


def walled(clause: C) -> C:
    """Keeps to one academy: what is read, changed or removed by a condition, what is added by its value. For the
    parts (subqueries, common table expressions) of a statement it is called by hand.
    """
    found: Any = clause
    if isinstance(found, Insert) and WALL in found.table.c and found._values:
        return cast(C, found.values({WALL: bindparam(INSIDE, type_=Uuid)}))
    if isinstance(found, Update | Delete) and WALL in found.table.c:
        return cast(C, found.where(found.table.c[WALL] == bindparam(INSIDE, type_=Uuid)))
    if isinstance(found, Select):
        for source in map(_first, found.get_final_froms()):
            if WALL in source.c:
                found = found.where(source.c[WALL] == bindparam(INSIDE, type_=Uuid))
        return cast(C, found)
    return clause


def _first(source: FromClause) -> FromClause:
    """What a chain of joins starts with: what hangs on it is found by its keys."""
    while isinstance(source, Join):
        source = source.left
    return source


class Statement:
    """A Core statement as SQL text with numbered parameters. Literals inside it are kept as default values.
    ``everywhere``: why this one concerns all academies.
    """

    def __init__(self, clause: ClauseElement, *, everywhere: str = "") -> None:
        self.everywhere = everywhere
        compiled = cast(Any, (clause if everywhere else walled(clause)).compile(dialect=DIALECT))
        # Lists of literals (``status IN (…)``) are written out now: nobody is there to expand them at each call.
        required = {name: None for bind, name in compiled.bind_names.items() if bind.required}
        written = compiled.construct_expanded_state(required)
        self.sql: str = written.statement
        self._order: tuple[str, ...] = tuple(written.positiontup or ())
        self._count = len(set(self._order))
        self._inside = tuple({INSIDE, WALL} & set(self._order))
        self._defaults: dict[str, Any] = {k: v for k, v in written.parameters.items() if k in self._order}

    def takes(self, name: str) -> bool:
        return name in self._order

    def _values(self, given: dict[str, Any]) -> list[Any]:
        for name in self._inside:
            if name not in given:
                given[name] = current_academy()
        found = given if len(given) == self._count else self._defaults | given
        if len(found) != self._count:
            self._refuse(found)
        return [found[name] for name in self._order]

    def _refuse(self, found: dict[str, Any]) -> None:
        if unknown := found.keys() - set(self._order):
            raise TypeError(f"the statement has no parameter {', '.join(sorted(unknown))}")

    def ask(self, **values: Any) -> Ask:
        """For ``Line.foresee``."""
        return self.sql, self._values(values)

    async def all(self, connection: "asyncpg.Connection[Any]", **values: Any) -> list["asyncpg.Record"]:
        return await connection.fetch(self.sql, *self._values(values))

    async def row(self, connection: "asyncpg.Connection[Any]", **values: Any) -> "asyncpg.Record | None":
        return await connection.fetchrow(self.sql, *self._values(values))

    async def value(self, connection: "asyncpg.Connection[Any]", **values: Any) -> Any:
        return await connection.fetchval(self.sql, *self._values(values))

    async def each(
        self, connection: "asyncpg.Connection[Any]", rows: Iterable[dict[str, Any]]
    ) -> list["asyncpg.Record"]:
        """Run for one after the other, in one round trip; what all of them return."""
        return await connection.fetchmany(self.sql, [self._values(row) for row in rows])

    async def run(self, connection: "asyncpg.Connection[Any]", **values: Any) -> int:
        """How many rows it touched."""
        status: str = await connection.execute(self.sql, *self._values(values))
        tail = status.rsplit(" ", 1)[-1]
        return int(tail) if tail.isdigit() else 0


def driver(engine: AsyncEngine) -> Lent:
    """The asyncpg connection that SQLAlchemy's pool lends, outside any transaction (each statement is its own)."""
    return Lent(engine)
