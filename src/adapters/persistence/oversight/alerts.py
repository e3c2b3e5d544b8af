"""Alerts on PostgreSQL: one open row for each rule and subject, moved by whoever comes first. (OPS-09)"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import (
    DateTime,
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.billing.tables import webhook_events
from adapters.persistence.notification.tables import deliveries
from adapters.persistence.outbox_tables import outbox_tasks
from adapters.persistence.oversight.alert_tables import alerts
from adapters.persistence.statement import Statement, driver
from domain.oversight.alert import Alert, Rule, Status
from ports.oversight.alerts import Backlogged
from ports.paging import Page, decode_cursor, page_of

_WATCH: Final = 0x68616C617161
"""Any number that no other advisory lock uses."""
_INSTANT: Final = DateTime(timezone=True)
_NOW: Final = bindparam("now", type_=_INSTANT)
_OPEN: Final = Statement(select(alerts).where(text("status <> 'closed'")).order_by(alerts.c.since, alerts.c.id))
_BEFORE: Final = bindparam("before", type_=_INSTANT)
_PAST: Final = Statement(
    select(alerts)
    .where(
        text("status = 'closed'"),
        or_(
            _BEFORE.is_(None), tuple_(alerts.c.since, alerts.c.id) < tuple_(_BEFORE, bindparam("before_id", type_=Uuid))
        ),
    )
    .order_by(alerts.c.since.desc(), alerts.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)
_ADD: Final = Statement(
    insert(alerts)
    .values({column.name: bindparam(column.name, type_=column.type) for column in alerts.c})
    .on_conflict_do_nothing(index_elements=["rule", "subject"], index_where=text("status <> 'closed'"))
    .returning(alerts.c.id)
)
_MOVE: Final = Statement(
    update(alerts)
    .where(alerts.c.id == bindparam("alert", type_=Uuid), alerts.c.status == bindparam("was", type_=Text))
    .values(status=bindparam("following", type_=Text), changed_at=_NOW)
)
_task = and_(outbox_tasks.c.done_at.is_(None), outbox_tasks.c.dead_at.is_(None))
_mail = deliveries.c.status == "queued"
_told = text("status IN ('received', 'failed', 'processing')")
# Partial indexes answer each of these.
_BACKLOGS: Final = Statement(
    union_all(
        select(
            literal("outbox").label("queue"),
            select(func.count()).select_from(outbox_tasks).where(_task).scalar_subquery().label("waiting"),
            select(func.count())
            .select_from(outbox_tasks)
            .where(outbox_tasks.c.dead_at.is_not(None))
            .scalar_subquery()
            .label("dead"),
            select(func.min(outbox_tasks.c.due_at))
            .where(_task, outbox_tasks.c.due_at <= _NOW)
            .scalar_subquery()
            .label("oldest_due_at"),
        ),
        select(
            literal("deliveries"),
            select(func.count()).select_from(deliveries).where(_mail).scalar_subquery(),
            select(func.count()).select_from(deliveries).where(deliveries.c.status == "dead").scalar_subquery(),
            select(func.min(deliveries.c.due_at)).where(_mail, deliveries.c.due_at <= _NOW).scalar_subquery(),
        ),
        select(
            literal("webhooks"),
            select(func.count()).select_from(webhook_events).where(_told).scalar_subquery(),
            select(func.count()).select_from(webhook_events).where(webhook_events.c.status == "dead").scalar_subquery(),
            select(func.min(webhook_events.c.due_at)).where(_told, webhook_events.c.due_at <= _NOW).scalar_subquery(),
        ),
    ),
    everywhere="the machinery serves all academies alike",
)


def _alert_of(row: "asyncpg.Record") -> Alert:
    return Alert(**{**row, "rule": Rule(row["rule"]), "status": Status(row["status"])})


class SqlAlertLog:
    """Also the ``Measures``."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        async with driver(self._engine) as connection:
            mine = bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _WATCH))
            try:
                yield mine
            finally:
                if mine:
                    await connection.execute("SELECT pg_advisory_unlock($1)", _WATCH)

    async def open(self) -> Sequence[Alert]:
        async with driver(self._engine) as connection:
            rows = await _OPEN.all(connection)
        return [_alert_of(row) for row in rows]

    async def past(self, *, cursor: str | None = None, limit: int = 50) -> Page[Alert]:
        before = decode_cursor(cursor, tuple[datetime, UUID]) or (None, None)
        async with driver(self._engine) as connection:
            rows = await _PAST.all(connection, before=before[0], before_id=before[1], most=limit + 1)
        return page_of([_alert_of(row) for row in rows], limit, "since", "id")

    async def add(self, alert: Alert) -> bool:
        values = msgspec.structs.asdict(alert) | {"rule": alert.rule.value, "status": alert.status.value}
        async with driver(self._engine) as connection:
            return await _ADD.value(connection, **values) is not None

    async def move(self, alert: Alert, *, was: Status) -> bool:
        async with driver(self._engine) as connection:
            moved = await _MOVE.run(
                connection, alert=alert.id, was=was.value, following=alert.status.value, now=alert.changed_at
            )
        return moved == 1

    async def backlogs(self, now: datetime) -> Sequence[Backlogged]:
        async with driver(self._engine) as connection:
            return [Backlogged(**dict(row)) for row in await _BACKLOGS.all(connection, now=now)]
