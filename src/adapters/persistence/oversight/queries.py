"""What waits and what is stuck, on PostgreSQL."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import DateTime, Integer, Text, Uuid, and_, bindparam, func, literal, or_, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.notification.tables import deliveries
from adapters.persistence.outbox_tables import outbox_events, outbox_tasks
from adapters.persistence.statement import Statement, driver, walled
from ports.oversight.queries import Backlog, DeadTask
from ports.paging import Page, decode_cursor, encode_cursor

_INSTANT: Final = DateTime(timezone=True)
_NOW: Final = bindparam("now", type_=_INSTANT)
_open = and_(outbox_tasks.c.done_at.is_(None), outbox_tasks.c.dead_at.is_(None))
_due = and_(_open, outbox_tasks.c.due_at <= _NOW)
_queued = deliveries.c.status == "queued"
# Partial indexes answer each of these; a count over everything that was ever sent would not be cheap.
_BACKLOGS: Final = Statement(
    union_all(
        select(
            literal("outbox").label("queue"),
            walled(select(func.count()).where(_open)).scalar_subquery().label("waiting"),
            walled(select(func.count()).where(outbox_tasks.c.dead_at.is_not(None))).scalar_subquery().label("dead"),
            walled(select(func.min(outbox_tasks.c.due_at)).where(_due)).scalar_subquery().label("oldest_due_at"),
        ),
        select(
            literal("deliveries"),
            walled(select(func.count()).where(_queued)).scalar_subquery(),
            walled(select(func.count()).where(deliveries.c.status == "dead")).scalar_subquery(),
            walled(select(func.min(deliveries.c.due_at)).where(_queued, deliveries.c.due_at <= _NOW)).scalar_subquery(),
        ),
    )
)
_BEFORE: Final = bindparam("before", type_=_INSTANT)
_DEAD: Final = Statement(
    select(
        outbox_tasks.c.event_id,
        outbox_tasks.c.subscriber,
        outbox_events.c.type.label("event_type"),
        outbox_tasks.c.attempts,
        outbox_tasks.c.error,
        outbox_events.c.occurred_at.label("created_at"),
        outbox_tasks.c.dead_at.label("died_at"),
    )
    .join(outbox_events, outbox_events.c.id == outbox_tasks.c.event_id)
    .where(
        outbox_tasks.c.dead_at.is_not(None),
        or_(
            _BEFORE.is_(None),
            tuple_(outbox_tasks.c.dead_at, outbox_tasks.c.event_id, outbox_tasks.c.subscriber)
            < tuple_(_BEFORE, bindparam("before_event", type_=Uuid), bindparam("before_name", type_=Text)),
        ),
    )
    .order_by(outbox_tasks.c.dead_at.desc(), outbox_tasks.c.event_id.desc(), outbox_tasks.c.subscriber.desc())
    .limit(bindparam("most", type_=Integer))
)


class SqlOversightQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def backlogs(self, now: datetime) -> list[Backlog]:
        async with driver(self._engine) as connection:
            return [Backlog(**dict(row)) for row in await _BACKLOGS.all(connection, now=now)]

    async def dead_tasks(self, *, cursor: str | None = None, limit: int = 50) -> Page[DeadTask]:
        before = decode_cursor(cursor, tuple[datetime, UUID, str])
        async with driver(self._engine) as connection:
            rows = await _DEAD.all(
                connection,
                before=before[0] if before else None,
                before_event=before[1] if before else None,
                before_name=before[2] if before else None,
                most=limit + 1,
            )
        tasks = [DeadTask(**dict(row)) for row in rows]
        if len(tasks) <= limit:
            return Page(tasks)
        last = tasks[limit - 1]
        return Page(tasks[:limit], encode_cursor(last.died_at, last.event_id, last.subscriber))
