"""Who is free next, among all who fit: worked out once a minute for each search, and anew for a Qari who has changed.

Within a minute the answer depends on nothing but what the database holds of those Qaris. Triggers write down, in the
transaction that changes one of them, whom it concerned (``qari_changes``). So every search asks one short question:
who has changed since I last looked? Mostly nobody, and the cards are there; else only those few are read again. It is
the database that is asked, so it does not matter how many processes there are, or which of them wrote.

No change is missed: what is remembered was read after every transaction below ``edge`` had ended, and all from there on
are asked for again, until they have ended too.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import BigInteger, bindparam, delete, func, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.scheduling.search import SEARCH, arguments, card_of
from adapters.persistence.scheduling.tables import qari_changes
from adapters.persistence.statement import Statement, driver
from domain.scheduling.wall_clock import ceil_minute, floor_minute
from domain.time import TimeSlot
from ports.academy import current_academy
from ports.scheduling.queries import QariCard, QariFilters, QariOrder

NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
A_BREATH: Final = 25
"""So many Qaris are worked out before other requests get their turn."""
MOST_CARDS: Final = 20_000
"""Remembered by one process, of all searches together."""

_ELSEWHERE: Final = "which Qaris have changed, in whichever academy: they are looked up by the search, which has walls"
_CHANGES: Final = Statement(
    text("""
        SELECT now.edge, c.xid, c.qari_id
          FROM (SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS edge) AS now
          LEFT JOIN qari_changes c ON c.xid >= :since
    """).bindparams(bindparam("since", type_=BigInteger)),
    everywhere=_ELSEWHERE,
)
_FORGET: Final = Statement(
    delete(qari_changes).where(qari_changes.c.at < func.now() - func.make_interval(0, 0, 0, 0, 1)),
    everywhere="what is an hour old, in every academy: nobody remembers longer than a minute",
)
_NOBODY_YET: Final = 2**62
Change = tuple[int, UUID]


class Found(msgspec.Struct, kw_only=True):
    """The cards of one search, in order. ``known``: changes that they are later than, from ``edge`` on."""

    lock: asyncio.Lock
    cards: list[QariCard] | None = None
    edge: int = _NOBODY_YET
    known: frozenset[Change] = frozenset()


class Soonest:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._found: dict[Any, Found] = {}

    async def cards(self, filters: QariFilters, window: TimeSlot, now: datetime) -> list[QariCard]:
        """All that fit, soonest first. The list is shared: it is not to be changed."""
        minute = (floor_minute(now), ceil_minute(now), ceil_minute(window.start), ceil_minute(window.end))
        found = self._of((current_academy(), minute, msgspec.structs.replace(filters, limit=1)), minute)
        async with driver(self._engine) as connection:
            edge, changes = await _changes(connection, found.edge)
            if found.cards is not None and changes <= found.known:
                found.edge, found.known = max(found.edge, edge), changes
                return found.cards
        # Without the connection: who waits in line must not keep one from those who work.
        async with found.lock, driver(self._engine) as connection:
            return await self._renewed(connection, found, filters, window, now)

    def _of(self, key: Any, minute: tuple[int, ...]) -> Found:
        found = self._found.get(key)
        if found is None:
            past = [old for old in self._found if old[1] != minute]
            full = sum(len(one.cards or ()) for one in self._found.values()) > MOST_CARDS
            for old in list(self._found) if full else past:
                del self._found[old]
            found = self._found[key] = Found(lock=asyncio.Lock())
        return found

    @staticmethod
    async def _renewed(
        connection: "asyncpg.Connection[Any]", found: Found, filters: QariFilters, window: TimeSlot, now: datetime
    ) -> list[QariCard]:
        """Asks again first: whoever held the lock before may have read all of it."""
        edge, changes = await _changes(connection, found.edge)
        if found.cards is None:
            fresh = await _read(connection, filters, window, now, None)
            kept: list[QariCard] = []
        else:
            concerned = {qari_id for _, qari_id in changes - found.known}
            if not concerned:
                return found.cards
            fresh = await _read(connection, filters, window, now, concerned)
            kept = [card for card in found.cards if card.user_id not in concerned]
        found.cards = sorted([*kept, *fresh], key=by_next_free)
        found.edge, found.known = edge, changes
        return found.cards


class ForgetChanges:
    """A job: removes notes of changes that nobody asks for any more."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __call__(self) -> int:
        async with driver(self._engine) as connection:
            return await _FORGET.run(connection)


async def _changes(connection: "asyncpg.Connection[Any]", since: int) -> tuple[int, frozenset[Change]]:
    rows = await _CHANGES.all(connection, since=since)
    changes = frozenset((row["xid"], UUID(int=row["qari_id"].int)) for row in rows if row["xid"] is not None)
    return rows[0]["edge"], changes


async def _read(
    connection: "asyncpg.Connection[Any]",
    filters: QariFilters,
    window: TimeSlot,
    now: datetime,
    only: Iterable[UUID] | None,
) -> list[QariCard]:
    rows = await connection.fetch(SEARCH[QariOrder.NEXT_FREE], *arguments(filters, window, None, now, only))
    cards: list[QariCard] = []
    for number, row in enumerate(rows, 1):
        cards.append(card_of(row, window, now))
        if number % A_BREATH == 0:
            await asyncio.sleep(0)
    return cards


def by_next_free(card: QariCard) -> tuple[datetime, UUID]:
    return (NEVER if card.next_free is None else card.next_free.start, card.user_id)
