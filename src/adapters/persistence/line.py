"""What the repositories of a unit ask the database on.

The transaction begins with the first statement, so that a unit which needs a single one is a single round trip. And a
use case that knows what it is going to ask can have it all answered at once (``foresee``): the repositories then find
their answers here. What was foreseen counts until something else is asked of the database, so that nobody who locks or
writes goes on with what was true before.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import asyncpg

Ask = tuple[str, list[Any]]
"""A statement and its values."""
_PLACE: Final = re.compile(r"\$(\d+)")
_names: Final[dict[str, tuple[str, ...]]] = {}
_together: Final[dict[tuple[str, ...], str]] = {}


class Line:
    """Stands for an asyncpg connection. ``raw`` is the real one."""

    __slots__ = ("_foreseen", "_transaction", "raw")

    def __init__(self, raw: "asyncpg.Connection[Any]") -> None:
        self.raw = raw
        self._transaction: Any = None
        self._foreseen: dict[str, list[tuple[list[Any], list[Any]]]] = {}

    @property
    def has_begun(self) -> bool:
        return self._transaction is not None

    async def foresee(self, asks: Sequence[Ask]) -> None:
        """Answers of statements that only read, in one round trip. What is known is not asked again."""
        asks = [(sql, given) for sql, given in asks if self._known(sql, given) is None]
        if not asks:
            return
        for sql, _ in asks:
            if sql not in _names:
                _names[sql] = tuple(each.name for each in (await self.raw.prepare(sql)).get_attributes())
        row = await self._all_at_once(asks)
        for place, (sql, given) in enumerate(asks):
            names = _names[sql]
            rows = [dict(zip(names, found, strict=True)) for found in row[place] or ()]
            self._foreseen.setdefault(sql, []).insert(0, (given, rows))

    async def _all_at_once(self, asks: Sequence[Ask]) -> Any:
        key = tuple(sql for sql, _ in asks)
        together = _together.get(key)
        if together is None:
            together = _together[key] = _joined(asks)
        return await self.raw.fetchrow(together, *(value for _, given in asks for value in given))

    def knows(self, ask: Ask) -> bool:
        return self._known(ask[0], tuple(ask[1])) is not None

    def forget(self) -> None:
        """What was foreseen; somebody may have changed it."""
        self._foreseen.clear()

    async def begin(self) -> None:
        """From here on nothing counts that was read before."""
        self.forget()
        if self._transaction is None:
            transaction = self.raw.transaction()
            await transaction.start()
            self._transaction = transaction

    async def commit(self) -> None:
        if self._transaction is not None:
            await self._transaction.commit()

    async def rollback(self) -> None:
        if self._transaction is not None:
            await self._transaction.rollback()

    def _known(self, sql: str, values: Sequence[Any]) -> list[Any] | None:
        for given, rows in self._foreseen.get(sql, ()):
            if given == list(values):
                return rows
        return None

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        known = self._known(sql, values)
        if known is not None:
            return known
        await self.begin()
        return await self.raw.fetch(sql, *values)

    async def fetchrow(self, sql: str, *values: Any) -> Any:
        known = self._known(sql, values)
        if known is not None:
            return known[0] if known else None
        await self.begin()
        return await self.raw.fetchrow(sql, *values)

    async def fetchval(self, sql: str, *values: Any) -> Any:
        await self.begin()
        return await self.raw.fetchval(sql, *values)

    async def fetchmany(self, sql: str, rows: Iterable[Sequence[Any]]) -> list[Any]:
        await self.begin()
        return await self.raw.fetchmany(sql, rows)

    async def execute(self, sql: str, *values: Any) -> str:
        await self.begin()
        return await self.raw.execute(sql, *values)

    def transaction(self) -> "_Inner":
        """A savepoint of the unit's own transaction."""
        return _Inner(self)


class _Inner:
    __slots__ = ("_line", "_point")

    def __init__(self, line: Line) -> None:
        self._line = line

    async def __aenter__(self) -> None:
        await self._line.begin()
        self._point = self._line.raw.transaction()
        await self._point.start()

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            await self._point.commit()
        else:
            await self._point.rollback()


def _joined(asks: Sequence[Ask]) -> str:
    """Each statement becomes a column that holds its rows, in their order."""
    columns, before = [], 0
    for sql, given in asks:
        renumbered = _PLACE.sub(lambda found, past=before: f"${int(found[1]) + past}", sql)  # type: ignore[misc]
        columns.append(f"(SELECT array_agg(t) FROM ({renumbered}) t)")  # noqa: S608 - statements of our own
        before += len(given)
    return "SELECT " + ", ".join(columns)
