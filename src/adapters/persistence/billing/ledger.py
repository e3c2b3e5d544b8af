"""The ledger on one asyncpg connection. Rows are only ever added; triggers see to that."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.persistence.billing.tables import ledger_entries, ledger_journals
from adapters.persistence.statement import Statement
from domain.billing.ledger import DEFERRED_PREFIX, Account, Entry, Journal, JournalKind
from domain.ids import BookingId, JournalId
from domain.money import Money

_POST: Final = Statement(
    upsert(ledger_journals).on_conflict_do_nothing(index_elements=["kind", "source"]).returning(ledger_journals.c.id)
)
_ENTRY: Final = Statement(insert(ledger_entries))
_JOURNAL: Final = Statement(
    select(ledger_journals).where(
        ledger_journals.c.kind == bindparam("about", type_=Text),
        ledger_journals.c.source == bindparam("of", type_=Uuid),
    )
)
_ENTRIES: Final = Statement(
    select(ledger_entries)
    .where(ledger_entries.c.journal_id == bindparam("of", type_=Uuid))
    .order_by(ledger_entries.c.position)
)
_DEFERRED: Final = Statement(
    select(ledger_entries.c.booking_id, (-func.sum(ledger_entries.c.amount_minor)).label("left"))
    .where(
        ledger_entries.c.booking_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        ledger_entries.c.currency == bindparam("money", type_=Text),
        ledger_entries.c.account.like(f"{DEFERRED_PREFIX}%"),
    )
    .group_by(ledger_entries.c.booking_id)
)


class SqlLedger:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def post(self, *journals: Journal) -> int:
        rows = await _POST.each(self._connection, (_to_row(journal) for journal in journals))
        posted = {row["id"] for row in rows}
        if posted:
            new = [journal for journal in journals if journal.id in posted]
            await _ENTRY.each(self._connection, (row for journal in new for row in _entry_rows(journal)))
        return len(posted)

    async def journal(self, kind: JournalKind, source: UUID) -> Journal | None:
        row = await _JOURNAL.row(self._connection, about=kind.value, of=source)
        if row is None:
            return None
        entries = await _ENTRIES.all(self._connection, of=row["id"])
        return Journal(
            id=JournalId(row["id"]),
            kind=JournalKind(row["kind"]),
            source=row["source"],
            at=row["at"],
            entries=tuple(_entry(entry) for entry in entries),
            memo=row["memo"],
        )

    async def deferred_left(self, booking_ids: Sequence[BookingId], currency: str) -> Mapping[BookingId, Money]:
        rows = await _DEFERRED.all(self._connection, ids=list(booking_ids), money=currency)
        left = {BookingId(row["booking_id"]): Money(int(row["left"]), currency) for row in rows}
        return {booking_id: left.get(booking_id, Money.zero(currency)) for booking_id in booking_ids}


def _to_row(journal: Journal) -> dict[str, Any]:
    return {
        "id": journal.id,
        "kind": journal.kind.value,
        "source": journal.source,
        "at": journal.at,
        "memo": journal.memo,
    }


def _entry_rows(journal: Journal) -> Iterator[dict[str, Any]]:
    for position, entry in enumerate(journal.entries):
        yield {
            "journal_id": journal.id,
            "position": position,
            "account": entry.account,
            "amount_minor": entry.amount.minor,
            "currency": entry.amount.currency,
            "booking_id": entry.booking_id,
        }


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(
        account=Account(row["account"]),
        amount=Money(row["amount_minor"], row["currency"]),
        booking_id=BookingId(row["booking_id"]) if row["booking_id"] is not None else None,
    )
