"""The outbox on PostgreSQL: written in the transaction that caused the events, claimed row by row."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import ARRAY, DateTime, Integer, Text, Uuid, bindparam, column, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from adapters.persistence.outbox_tables import outbox_events, outbox_tasks
from adapters.persistence.statement import Statement
from domain.errors import NotFound
from domain.events import Event, decode_event, encode_event, event_type
from domain.ids import AcademyId, EventId
from ports.academy import within
from ports.clock import NewId
from ports.outbox import OutboxTask

Subscribers = Callable[[type[Event]], tuple[str, ...]]
"""Who has to hear of an event, by name."""

_INSTANT: Final = DateTime(timezone=True)
# One round trip for all events of a unit and all who wait for them.
_WRITE: Final = Statement(
    text(
        """
        WITH written AS (
            INSERT INTO outbox_events (id, type, payload, occurred_at, academy_id)
            SELECT *, CAST(:academy AS uuid)
              FROM unnest(CAST(:ids AS uuid[]), CAST(:types AS text[]),
                          CAST(:payloads AS jsonb[]), CAST(:times AS timestamptz[]))
        )
        INSERT INTO outbox_tasks (event_id, subscriber, due_at, academy_id)
        SELECT *, CAST(:academy AS uuid)
          FROM unnest(CAST(:events AS uuid[]), CAST(:subscribers AS text[]), CAST(:due AS timestamptz[]))
        """
    ).bindparams(
        bindparam("ids", type_=ARRAY(Uuid)),
        bindparam("types", type_=ARRAY(Text)),
        bindparam("payloads", type_=ARRAY(JSONB)),
        bindparam("times", type_=ARRAY(_INSTANT)),
        bindparam("events", type_=ARRAY(Uuid)),
        bindparam("subscribers", type_=ARRAY(Text)),
        bindparam("due", type_=ARRAY(_INSTANT)),
        bindparam("academy", type_=Uuid),
    )
)
_due = (
    select(outbox_tasks.c.event_id, outbox_tasks.c.subscriber)
    .where(
        outbox_tasks.c.done_at.is_(None),
        outbox_tasks.c.dead_at.is_(None),
        outbox_tasks.c.due_at <= bindparam("now", type_=_INSTANT),
    )
    .order_by(outbox_tasks.c.due_at, outbox_tasks.c.event_id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM: Final = Statement(
    update(outbox_tasks)
    .where(
        outbox_tasks.c.event_id == _due.c.event_id,
        outbox_tasks.c.subscriber == _due.c.subscriber,
        outbox_events.c.id == _due.c.event_id,
    )
    .values(attempts=outbox_tasks.c.attempts + 1, due_at=bindparam("until", type_=_INSTANT))
    .returning(
        outbox_tasks.c.event_id,
        outbox_tasks.c.subscriber,
        outbox_tasks.c.attempts,
        outbox_tasks.c.academy_id,
        outbox_events.c.payload,
    ),
    everywhere="one relay serves all academies: each task says whose it is",
)
_which = (
    outbox_tasks.c.event_id == bindparam("of_event", type_=Uuid),
    outbox_tasks.c.subscriber == bindparam("to", type_=Text),
)
_these = (
    func.unnest(bindparam("events", type_=ARRAY(Uuid)), bindparam("subscribers", type_=ARRAY(Text)))
    .table_valued(column("event_id", Uuid), column("subscriber", Text))
    .render_derived(name="these")
)
_DONE: Final = Statement(
    update(outbox_tasks)
    .where(outbox_tasks.c.event_id == _these.c.event_id, outbox_tasks.c.subscriber == _these.c.subscriber)
    .values(done_at=bindparam("at", type_=_INSTANT), error=bindparam("cause", type_=Text))
)
_RETRY: Final = Statement(
    update(outbox_tasks)
    .where(*_which, outbox_tasks.c.done_at.is_(None))
    .values(due_at=bindparam("at", type_=_INSTANT), error=bindparam("cause", type_=Text))
)
_BURY: Final = Statement(
    update(outbox_tasks)
    .where(*_which, outbox_tasks.c.done_at.is_(None))
    .values(dead_at=bindparam("at", type_=_INSTANT), error=bindparam("cause", type_=Text))
)
_REVIVE: Final = Statement(
    update(outbox_tasks)
    .where(*_which, outbox_tasks.c.dead_at.is_not(None))
    .values(
        dead_at=bindparam("none", type_=_INSTANT),
        due_at=bindparam("at", type_=_INSTANT),
        attempts=bindparam("zero", type_=Integer),
    )
)


async def write_events(
    connection: "asyncpg.Connection[Any]", events: Sequence[Event], subscribers: Subscribers, new_id: NewId
) -> bool:
    """Whether anybody waits for them."""
    stored = [(new_id(), happened) for happened in events]
    tasks = [(key, name, happened.at) for key, happened in stored for name in subscribers(type(happened))]
    await _WRITE.run(
        connection,
        ids=[key for key, _ in stored],
        types=[event_type(type(happened)) for _, happened in stored],
        payloads=[encode_event(happened).decode() for _, happened in stored],
        times=[happened.at for _, happened in stored],
        events=[key for key, _, _ in tasks],
        subscribers=[name for _, name, _ in tasks],
        due=[at for _, _, at in tasks],
    )
    return bool(tasks)


class SqlOutbox:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[OutboxTask]:
        rows = await _CLAIM.all(self._connection, now=now, most=limit, until=now + lease)
        tasks = []
        for row in sorted(rows, key=lambda row: (row["event_id"], row["subscriber"])):
            try:
                happened = decode_event(row["payload"])
            except (KeyError, msgspec.ValidationError) as error:
                # Written by another release: parked where a person sees it, so that the others go on.
                with within(AcademyId(row["academy_id"])):
                    await self.bury(row["event_id"], row["subscriber"], at=now, error=f"unreadable: {error}")
                continue
            tasks.append(
                OutboxTask(
                    event_id=row["event_id"],
                    academy_id=AcademyId(UUID(int=row["academy_id"].int)),
                    subscriber=row["subscriber"],
                    event=happened,
                    attempts=row["attempts"],
                )
            )
        return tasks

    async def done(self, *tasks: tuple[EventId, str], at: datetime) -> None:
        events, subscribers = [event_id for event_id, _ in tasks], [subscriber for _, subscriber in tasks]
        await _DONE.run(self._connection, events=events, subscribers=subscribers, at=at, cause="")

    async def retry(self, event_id: EventId, subscriber: str, *, due: datetime, error: str) -> None:
        await _RETRY.run(self._connection, of_event=event_id, to=subscriber, at=due, cause=error)

    async def bury(self, event_id: EventId, subscriber: str, *, at: datetime, error: str) -> None:
        await _BURY.run(self._connection, of_event=event_id, to=subscriber, at=at, cause=error)

    async def revive(self, event_id: EventId, subscriber: str, *, at: datetime) -> None:
        touched = await _REVIVE.run(self._connection, of_event=event_id, to=subscriber, at=at, none=None, zero=0)
        if touched != 1:
            raise NotFound("no such task is parked")
