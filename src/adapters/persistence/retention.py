"""What has been kept long enough, removed in portions. (OPS-19)"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import asyncpg
from sqlalchemy import ColumnElement, DateTime, Integer, Table, bindparam, delete, exists, func, literal, select, update

from adapters.persistence.billing.tables import webhook_events
from adapters.persistence.booking.tables import bookings
from adapters.persistence.identity.account_tables import exports, identity_notices
from adapters.persistence.identity.tables import verifications
from adapters.persistence.notification.tables import deliveries
from adapters.persistence.outbox_tables import outbox_events, outbox_tasks
from adapters.persistence.scheduling.meeting_tables import clicks, sightings
from adapters.persistence.statement import Statement, walled
from domain.identity.retention import DataClass

_BEFORE: Final = bindparam("before", type_=DateTime(timezone=True))
_MOST: Final = bindparam("most", type_=Integer)


def _remove(table: Table, key: "ColumnElement[Any]", *old: "ColumnElement[bool]") -> Statement:
    portion = walled(select(key).where(*old).limit(_MOST))
    return Statement(delete(table).where(key.in_(portion)))


_waits: Final = exists(literal(1)).where(
    outbox_tasks.c.event_id == outbox_events.c.id, outbox_tasks.c.done_at.is_(None)
)
_noted: Final = walled(select(bookings.c.id).where(bookings.c.ends_at < _BEFORE, bookings.c.note != "").limit(_MOST))

PURGES: Final[Mapping[DataClass, Statement]] = {
    DataClass.LINKS: _remove(
        verifications,
        verifications.c.token_hash,
        func.least(func.coalesce(verifications.c.used_at, verifications.c.expires_at), verifications.c.expires_at)
        < _BEFORE,
    ),
    DataClass.MESSAGES: _remove(
        deliveries, deliveries.c.id, deliveries.c.created_at < _BEFORE, deliveries.c.status != "queued"
    ),
    DataClass.EVENTS: _remove(outbox_events, outbox_events.c.id, outbox_events.c.occurred_at < _BEFORE, ~_waits),
    DataClass.PROVIDER_NOTICES: _remove(
        webhook_events,
        webhook_events.c.id,
        webhook_events.c.received_at < _BEFORE,
        webhook_events.c.settled_at.is_not(None),
    ),
    DataClass.IDENTITY_NOTICES: _remove(
        identity_notices, identity_notices.c.event_id, identity_notices.c.received_at < _BEFORE
    ),
    DataClass.JOIN_CLICKS: _remove(clicks, clicks.c.booking_id, clicks.c.at < _BEFORE),
    DataClass.LESSON_NOTES: Statement(update(bookings).where(bookings.c.id.in_(_noted)).values(note="")),
    DataClass.EXPORTS: _remove(exports, exports.c.id, exports.c.created_at < _BEFORE, exports.c.status != "requested"),
}
"""The classes that are looked after here; sessions and kept answers are their own stores' business."""
AS_WELL: Final[Mapping[DataClass, Statement]] = {
    DataClass.JOIN_CLICKS: _remove(sightings, sightings.c.booking_id, sightings.c.at < _BEFORE),
}
"""What belongs to the same class and lies elsewhere."""


class SqlRetention:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def purge(self, kind: DataClass, *, before: datetime, limit: int) -> int:
        gone = await PURGES[kind].run(self._connection, before=before, most=limit)
        if kind in AS_WELL:
            gone += await AS_WELL[kind].run(self._connection, before=before, most=limit)
        return gone
