"""The inbox of webhooks on one asyncpg connection. (PAYM-04)"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import DateTime, Integer, Text, Uuid, bindparam, func, or_, select, tuple_, union, update
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.persistence.billing.tables import one_of, payments, webhook_events
from adapters.persistence.metadata import WALL, own_columns
from adapters.persistence.statement import INSIDE, Statement, walled
from domain.billing.webhook_event import WebhookEvent, WebhookStatus
from domain.errors import NotFound, StaleWrite
from domain.ids import PaymentId, WebhookId

_INSTANT: Final = DateTime(timezone=True)
_W: Final = WebhookStatus
# Academies may share an account with a provider: a message belongs to the one whose payment it is about, and as long as
# nobody knows that payment, to the one that was told.
_theirs = (
    select(payments.c.academy_id)
    .where(
        payments.c.provider == bindparam("provider", type_=Text),
        payments.c.account == bindparam("account", type_=Text),
        payments.c.provider_ref == bindparam("object_ref", type_=Text),
    )
    .scalar_subquery()
)
_ADD: Final = Statement(
    upsert(webhook_events)
    .values(
        {column.name: bindparam(column.name, type_=column.type) for column in own_columns(webhook_events)}
        | {WALL: func.coalesce(_theirs, bindparam(INSIDE, type_=Uuid))}
    )
    .on_conflict_do_nothing(index_elements=["provider", "account", "event_id"])
    .returning(webhook_events.c.id),
    everywhere="it may be about another academy's payment",
)
_HAND_OVER: Final = Statement(
    update(webhook_events)
    .where(
        webhook_events.c.id == bindparam("of", type_=Uuid),
        webhook_events.c.status == _W.PROCESSING.value,
        or_(
            payments.c.id == bindparam("payment", type_=Uuid),
            payments.c.provider_ref == webhook_events.c.object_ref,
        ),
        payments.c.provider == webhook_events.c.provider,
        payments.c.account == webhook_events.c.account,
        payments.c.academy_id != webhook_events.c.academy_id,
    )
    .values(
        academy_id=payments.c.academy_id,
        status=_W.RECEIVED.value,
        due_at=bindparam("now", type_=_INSTANT),
    ),
    everywhere="it is about another academy's payment",
)
_GET: Final = Statement(
    select(*own_columns(webhook_events)).where(webhook_events.c.id == bindparam("of", type_=Uuid)).with_for_update()
)
_OBJECT: Final = ("provider", "account", "object_ref")
_is_due = (
    one_of(webhook_events.c.status, (_W.RECEIVED, _W.FAILED, _W.PROCESSING)),
    webhook_events.c.due_at <= bindparam("now", type_=_INSTANT),
)
_due = (
    walled(select(webhook_events.c.id, *(webhook_events.c[name] for name in _OBJECT)))
    .where(*_is_due)
    .order_by(webhook_events.c.due_at, webhook_events.c.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("due")
)
# Whoever asks about an object answers all that is waiting about it.
_beside = (
    walled(select(webhook_events.c.id))
    .where(
        *_is_due,
        webhook_events.c.object_ref != "",
        webhook_events.c.id.not_in(select(_due.c.id)),
        tuple_(*(webhook_events.c[name] for name in _OBJECT)).in_(select(*(_due.c[name] for name in _OBJECT))),
    )
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("beside")
)
_CLAIM: Final = Statement(
    update(webhook_events)
    .where(webhook_events.c.id.in_(union(select(_due.c.id), select(_beside.c.id))))
    .values(
        status=_W.PROCESSING.value,
        attempts=webhook_events.c.attempts + 1,
        due_at=bindparam("until", type_=_INSTANT),
    )
    .returning(*own_columns(webhook_events))
)
_CHANGING: Final = ("status", "attempts", "due_at", "error", "settled_at")
# Whoever was overtaken by another claim carries an older count of attempts. A replay sets the count to zero; it starts
# from a row that is locked and not being worked on.
_SAVE: Final = Statement(
    update(webhook_events)
    .where(
        webhook_events.c.id == bindparam("of", type_=Uuid),
        (
            (webhook_events.c.status == _W.PROCESSING.value)
            & (webhook_events.c.attempts == bindparam("attempts", type_=Integer))
        )
        | (
            (bindparam("attempts", type_=Integer) == 0)
            & one_of(webhook_events.c.status, (_W.DEAD, _W.FAILED, _W.IGNORED))
        ),
    )
    .values({name: bindparam(name, type_=webhook_events.c[name].type) for name in _CHANGING})
    .returning(webhook_events.c.id)
)


def to_row(event: WebhookEvent) -> dict[str, Any]:
    return msgspec.structs.asdict(event) | {"status": event.status.value}


def from_row(row: asyncpg.Record) -> WebhookEvent:
    return WebhookEvent(**(dict(row) | {"id": WebhookId(row["id"]), "status": WebhookStatus(row["status"])}))


class SqlWebhooks:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def add(self, event: WebhookEvent) -> bool:
        return await _ADD.value(self._connection, **to_row(event)) is not None

    async def hand_over(self, event: WebhookEvent, payment_id: PaymentId | None, *, now: datetime) -> bool:
        return await _HAND_OVER.run(self._connection, of=event.id, payment=payment_id, now=now) == 1

    async def get(self, webhook_id: WebhookId) -> WebhookEvent:
        row = await _GET.row(self._connection, of=webhook_id)
        if row is None:
            raise NotFound("there is no such webhook")
        return from_row(row)

    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[WebhookEvent]:
        rows = await _CLAIM.all(self._connection, now=now, until=now + lease, most=limit)
        return sorted((from_row(row) for row in rows), key=lambda event: (event.received_at, event.id))

    async def save(self, *events: WebhookEvent) -> None:
        saved = await _SAVE.each(self._connection, (_changes(event) for event in events))
        if len(saved) != len(events):
            raise StaleWrite("somebody else works on this webhook now")


def _changes(event: WebhookEvent) -> dict[str, Any]:
    row = to_row(event)
    return {name: row[name] for name in _CHANGING} | {"of": event.id}
