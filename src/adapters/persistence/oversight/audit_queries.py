"""The audit log as staff read it, and as its proof does."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    ScalarSelect,
    Text,
    Uuid,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.identity.tables import users
from adapters.persistence.oversight.audit_tables import audit_head, audit_log
from adapters.persistence.statement import Statement, driver
from domain.oversight.chain import Entry, Link
from ports.oversight.audit import AuditEntry, AuditFilter, AuditHead
from ports.paging import Page, decode_cursor, page_of

_INSTANT: Final = DateTime(timezone=True)
_SEALED: Final = ("action", "subject_kind", "subject_id", "reason", "request_id", "role", "audience", "seq", "at")
_ACTOR: Final = bindparam("actor", type_=Uuid)
_ACTION: Final = bindparam("action", type_=Text)
_KIND: Final = bindparam("kind", type_=Text)
_SUBJECT: Final = bindparam("subject", type_=Text)
_TEXT: Final = bindparam("text", type_=Text)
_EXACT: Final = bindparam("exact", type_=Text)
_SINCE: Final = bindparam("since", type_=_INSTANT)
_UNTIL: Final = bindparam("until", type_=_INSTANT)
_BELOW: Final = bindparam("below", type_=BigInteger)


def _name_of(column: "ColumnElement[UUID | None]") -> "ScalarSelect[str]":
    """Asked for the rows that are shown alone: joined, all people would be read for the names of a few."""
    person = users.alias(f"person_{column.key}")
    return select(person.c.name).where(person.c.id == column).scalar_subquery()


_SEARCH: Final = Statement(
    select(
        audit_log,
        _name_of(audit_log.c.actor_id).label("actor_name"),
        _name_of(audit_log.c.impersonator_id).label("impersonator_name"),
    )
    .where(
        or_(_ACTOR.is_(None), audit_log.c.actor_id == _ACTOR, audit_log.c.impersonator_id == _ACTOR),
        or_(_ACTION.is_(None), audit_log.c.action == _ACTION, func.starts_with(audit_log.c.action, _ACTION + ".")),
        or_(_KIND.is_(None), audit_log.c.subject_kind == _KIND),
        or_(_SUBJECT.is_(None), audit_log.c.subject_id == _SUBJECT),
        or_(
            _TEXT.is_(None),
            audit_log.c.reason.ilike(_TEXT),
            audit_log.c.subject_id == _EXACT,
            audit_log.c.request_id == _EXACT,
        ),
        or_(_SINCE.is_(None), audit_log.c.at >= _SINCE),
        or_(_UNTIL.is_(None), audit_log.c.at < _UNTIL),
        or_(_BELOW.is_(None), audit_log.c.seq < _BELOW),
    )
    .order_by(audit_log.c.seq.desc())
    .limit(bindparam("most", type_=Integer))
)
_ACTIONS: Final = Statement(select(audit_log.c.action).distinct().order_by(audit_log.c.action))
_LINKS: Final = Statement(
    select(audit_log)
    .where(audit_log.c.seq > bindparam("after", type_=BigInteger))
    .order_by(audit_log.c.seq)
    .limit(bindparam("most", type_=Integer)),
    everywhere="one chain runs through the whole installation",
)
_HEAD: Final = Statement(select(audit_head.c.seq, audit_head.c.hash))


class SqlAuditQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def search(self, wanted: AuditFilter, *, cursor: str | None = None, limit: int = 50) -> Page[AuditEntry]:
        below = decode_cursor(cursor, tuple[int])
        text = (wanted.text or "").strip()
        async with driver(self._engine) as connection:
            rows = await _SEARCH.all(
                connection,
                actor=wanted.actor_id,
                action=wanted.action or None,
                kind=wanted.subject_kind or None,
                subject=wanted.subject_id or None,
                text=f"%{_literal(text)}%" if text else None,
                exact=text,
                since=wanted.since,
                until=wanted.until,
                below=below[0] if below else None,
                most=limit + 1,
            )
        return page_of([_entry(row) for row in rows], limit, "seq")

    async def actions(self) -> Sequence[str]:
        async with driver(self._engine) as connection:
            return [row["action"] for row in await _ACTIONS.all(connection)]

    async def links(self, *, after: int, limit: int) -> Sequence[Link]:
        async with driver(self._engine) as connection:
            return [_link(row) for row in await _LINKS.all(connection, after=after, most=limit)]

    async def head(self) -> AuditHead:
        async with driver(self._engine) as connection:
            row = await _HEAD.row(connection)
        if row is None:
            raise LookupError("the audit log has lost its head: its one row was removed")
        return AuditHead(seq=row["seq"], hash=row["hash"])


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _plain(row: "asyncpg.Record") -> dict[str, Any]:
    return {name: row[name] for name in _SEALED} | {
        "before": msgspec.json.decode(row["before"]),
        "after": msgspec.json.decode(row["after"]),
        "actor_id": _id(row["actor_id"]),
        "impersonator_id": _id(row["impersonator_id"]),
    }


def _id(value: UUID | None) -> UUID | None:
    return UUID(int=value.int) if value is not None else None


def _entry(row: "asyncpg.Record") -> AuditEntry:
    return AuditEntry(**_plain(row), actor_name=row["actor_name"], impersonator_name=row["impersonator_name"])


def _link(row: "asyncpg.Record") -> Link:
    entry = Entry(academy_id=UUID(int=row["academy_id"].int), **_plain(row))
    return Link(entry=entry, previous=row["previous_hash"], seal=row["hash"])
