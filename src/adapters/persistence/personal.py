"""Personal data over all contexts: read for a copy, let go of at an erasure. (ID-20)"""

import pkgutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import ColumnElement, DateTime, Text, Uuid, bindparam, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

import adapters.persistence
from adapters.persistence.billing.tables import ledger_entries, payments, refunds
from adapters.persistence.booking.tables import bookings
from adapters.persistence.identity.guardian_tables import guardianships
from adapters.persistence.metadata import own_columns
from adapters.persistence.personal_rows import Fate, PersonalRows
from adapters.persistence.statement import Statement, walled
from domain.billing.ledger import deferred, qari_account
from domain.identity.guardianship import GuardianshipStatus
from domain.ids import UserId
from ports.identity.privacy import Ties

PERSON: Final = bindparam("person", type_=Uuid)
NAME: Final = bindparam("name", type_=Text)
_AHEAD: Final = ("requested", "held", "pending_payment", "confirmed")
_LESSONS: Final = Statement(
    select(func.count())
    .select_from(bookings)
    .where(
        or_(bookings.c.learner_id == PERSON, bookings.c.payer_id == PERSON, bookings.c.qari_id == PERSON),
        bookings.c.status.in_(_AHEAD),
        bookings.c.ends_at > bindparam("now", type_=DateTime(timezone=True)),
    )
)
_PAYMENTS: Final = Statement(
    select(func.count())
    .select_from(payments)
    .where(payments.c.payer_id == PERSON, payments.c.status.in_(("created", "open")))
)
_REFUNDS: Final = Statement(
    select(func.count())
    .select_from(refunds)
    .where(refunds.c.payer_id == PERSON, refunds.c.status.in_(("requested", "submitted")))
)
_CHILDREN: Final = Statement(
    select(func.count())
    .select_from(guardianships)
    .where(
        guardianships.c.guardian_id == PERSON,
        guardianships.c.of_record,
        guardianships.c.status == GuardianshipStatus.ACTIVE.value,
    )
)
_sums = (
    walled(select(ledger_entries.c.account))
    .where(or_(ledger_entries.c.account == bindparam("owed", type_=Text), ledger_entries.c.account == bindparam("due")))
    .group_by(ledger_entries.c.account, ledger_entries.c.currency)
    .having(func.sum(ledger_entries.c.amount_minor) != 0)
    .subquery()
)
_BALANCES: Final = Statement(select(func.count()).select_from(_sums))


@cache
def all_personal_rows() -> tuple[PersonalRows, ...]:
    """Of every module named ``personal``, contexts in alphabetical order."""
    package = adapters.persistence
    found: list[PersonalRows] = []
    for module in sorted(pkgutil.walk_packages(package.__path__, f"{package.__name__}."), key=lambda one: one.name):
        if module.name.endswith(".personal") and module.name != __name__:
            found.extend(import_module(module.name).PERSONAL)
    return tuple(found)


class _Compiled(msgspec.Struct, frozen=True):
    rows: PersonalRows
    read: Statement | None
    erase: Statement | None
    files: Statement | None


@cache
def _compiled() -> tuple[_Compiled, ...]:
    return tuple(
        _Compiled(rows, _read(rows), _erase(rows), _files(rows))
        for rows in all_personal_rows()
        if rows.about or rows.matching
    )


def _whose(rows: PersonalRows, by: tuple[str, ...] = ()) -> ColumnElement[bool]:
    columns = [rows.table.c[name] == PERSON for name in by or rows.about]
    extra: list[Any] = []
    if rows.matching and not by:
        asked = [one for one in (PERSON, NAME) if f":{one.key}" in rows.matching]
        extra = [text(f"({rows.matching})").bindparams(*asked)]
    return or_(*columns, *extra)


def _told(rows: PersonalRows) -> list[Any]:
    return [
        column
        for column in rows.table.c
        if column.name not in rows.secret and column.name != "academy_id" and column.type.python_type is not bytes
    ]


def _read(rows: PersonalRows) -> Statement | None:
    return Statement(select(*_told(rows)).where(_whose(rows))) if rows.copied else None


def _erase(rows: PersonalRows) -> Statement | None:
    if rows.fate is Fate.KEEP:
        return None
    if rows.fate is Fate.REMOVE:
        return Statement(delete(rows.table).where(_whose(rows)))
    emptied = {name: text(expression) for name, expression in rows.blank.items()}
    return Statement(update(rows.table).where(_whose(rows, rows.blank_by)).values(emptied))


def _files(rows: PersonalRows) -> Statement | None:
    return Statement(select(*own_columns(rows.table)).where(_whose(rows))) if rows.file_key is not None else None


class SqlPersonalData:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def read(self, user_id: UserId) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        found: dict[str, Sequence[Mapping[str, Any]]] = {}
        for one in _compiled():
            if one.read is not None:
                rows = await one.read.all(self._connection, **_given(one.read, user_id))
                found[one.rows.table.name] = [_plain(one.rows, row) for row in rows]
        return found

    async def ties(self, user_id: UserId, now: datetime) -> Ties:
        return Ties(
            lessons=await _LESSONS.value(self._connection, person=user_id, now=now),
            payments=await _PAYMENTS.value(self._connection, person=user_id),
            refunds=await _REFUNDS.value(self._connection, person=user_id),
            children=await _CHILDREN.value(self._connection, person=user_id),
            balances=await _BALANCES.value(self._connection, owed=deferred(user_id), due=qari_account(user_id)),
        )

    async def files(self, user_id: UserId) -> Sequence[str]:
        found: list[str] = []
        for one in _compiled():
            if one.files is not None and one.rows.file_key is not None:
                rows = await one.files.all(self._connection, **_given(one.files, user_id))
                found.extend(map(one.rows.file_key, rows))
        return found

    async def erase(self, user_id: UserId) -> int:
        touched = 0
        for one in _compiled():
            if one.erase is not None:
                touched += await one.erase.run(self._connection, **_given(one.erase, user_id))
        return touched


def _given(statement: Statement, user_id: UserId) -> dict[str, Any]:
    wanted = {"person": user_id, "name": str(user_id)}
    return {name: value for name, value in wanted.items() if statement.takes(name)}


def _plain(rows: PersonalRows, row: "asyncpg.Record") -> dict[str, Any]:
    """JSON columns come as text; here they are part of the document."""
    return {
        name: msgspec.json.decode(value)
        if isinstance(rows.table.c[name].type, JSONB) and isinstance(value, str)
        else value
        for name, value in row.items()
    }
