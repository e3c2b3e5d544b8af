"""What waits for a person, on PostgreSQL: each queue is a select of its own, and partial indexes answer it. (ADM-03)"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.billing.tables import book_findings, disputes, refunds, webhook_events
from adapters.persistence.booking.tables import bookings
from adapters.persistence.identity.tables import users
from adapters.persistence.notification.reach_tables import dead_addresses
from adapters.persistence.notification.tables import deliveries
from adapters.persistence.onboarding.tables import applications
from adapters.persistence.outbox_tables import outbox_events, outbox_tasks
from adapters.persistence.oversight.office_tables import queue_claims
from adapters.persistence.scheduling.connection_tables import calendar_connections
from adapters.persistence.statement import INSIDE, Statement, driver, walled
from domain.ids import UserId
from domain.oversight.queues import Queue
from ports.oversight.queues import QueueItem, QueueLength
from ports.paging import Page, decode_cursor, encode_cursor

_INSTANT: Final = DateTime(timezone=True)
_NOW: Final = bindparam("now", type_=_INSTANT)
_learner, _qari, _payer = users.alias("learner"), users.alias("qari"), users.alias("payer")
_NOBODY: Final = cast(null(), Uuid)


# Names are joined from outside: there is one for each row, and where rows are only counted nobody looks them up.
def _source(item: Any, subject: Any, about: Any, since: Any, owner: Any = _NOBODY) -> "Select[Any]":
    return select(
        cast(item, Text).label("item"),
        cast(subject, Text).label("subject"),
        about.label("about"),
        since.label("since"),
        owner.label("own"),
    )


def _lessons(since: Any) -> "Select[Any]":
    names = func.concat_ws(" · ", _learner.c.name, _qari.c.name)
    return (
        _source(bookings.c.id, bookings.c.id, names, since)
        .select_from(bookings)
        .outerjoin(_learner, _learner.c.id == bookings.c.learner_id)
        .outerjoin(_qari, _qari.c.id == bookings.c.qari_id)
    )


_later = refunds.alias("later")
_tried_again = exists().where(
    _later.c.payment_id == refunds.c.payment_id,
    _later.c.booking_id == refunds.c.booking_id,
    _later.c.created_at > refunds.c.created_at,
    _later.c.academy_id == refunds.c.academy_id,
)
"""Should that fail as well, it waits in its place."""

_SOURCES: Final[Mapping[Queue, "Select[Any]"]] = {
    Queue.APPLICATIONS: _source(
        applications.c.id, applications.c.id, _payer.c.name, applications.c.submitted_at, applications.c.owner_id
    )
    .select_from(applications)
    .outerjoin(_payer, _payer.c.id == applications.c.user_id)
    .where(applications.c.status == "submitted"),
    Queue.REQUESTS: _lessons(bookings.c.created_at).where(bookings.c.status == "requested"),
    Queue.OUTCOMES: _lessons(bookings.c.ends_at).where(bookings.c.status == "confirmed", bookings.c.ends_at <= _NOW),
    Queue.REFUNDS: _source(refunds.c.id, refunds.c.payment_id, _payer.c.name, refunds.c.created_at)
    .select_from(refunds)
    .outerjoin(_payer, _payer.c.id == refunds.c.payer_id)
    .where(refunds.c.status == "failed", ~_tried_again),
    Queue.DISPUTES: _source(disputes.c.id, disputes.c.payment_id, _payer.c.name, disputes.c.opened_at)
    .select_from(disputes)
    .outerjoin(_payer, _payer.c.id == disputes.c.payer_id)
    .where(disputes.c.is_open),
    Queue.BOOKS: _source(
        book_findings.c.id, book_findings.c.id, book_findings.c.message, book_findings.c.found_at
    ).where(book_findings.c.status == "open"),
    Queue.ADDRESSES: _source(dead_addresses.c.user_id, dead_addresses.c.user_id, _payer.c.name, dead_addresses.c.at)
    .select_from(dead_addresses)
    .join(_payer, (_payer.c.id == dead_addresses.c.user_id) & (_payer.c.email == dead_addresses.c.address)),
    Queue.CALENDARS: _source(
        calendar_connections.c.id, calendar_connections.c.qari_id, _qari.c.name, calendar_connections.c.told_at
    )
    .select_from(calendar_connections)
    .outerjoin(_qari, _qari.c.id == calendar_connections.c.qari_id)
    .where(calendar_connections.c.told_at.is_not(None), calendar_connections.c.status != "removed"),
    Queue.WEBHOOKS: _source(
        webhook_events.c.id, webhook_events.c.id, webhook_events.c.type, webhook_events.c.received_at
    ).where(webhook_events.c.status == "dead"),
    Queue.TASKS: _source(
        func.concat(outbox_tasks.c.event_id, ":", outbox_tasks.c.subscriber),
        outbox_tasks.c.event_id,
        func.concat_ws(" · ", outbox_events.c.type, outbox_tasks.c.subscriber),
        outbox_tasks.c.dead_at,
    )
    .select_from(outbox_tasks)
    .join(outbox_events, outbox_events.c.id == outbox_tasks.c.event_id)
    .where(outbox_tasks.c.dead_at.is_not(None)),
    Queue.MESSAGES: _source(
        deliveries.c.id, deliveries.c.id, type_coerce(deliveries.c.topic, Text), deliveries.c.created_at
    ).where(deliveries.c.status == "dead"),
}


def _items(queue: Queue) -> Statement:
    """With who has taken each on: by its own account of it, or by a claim."""
    source = walled(_SOURCES[queue]).subquery("waiting")
    claimed = and_(
        queue_claims.c.academy_id == bindparam(INSIDE, type_=Uuid),
        queue_claims.c.queue == literal(queue.value, Text),
        queue_claims.c.item == source.c.item,
    )
    owner = func.coalesce(source.c.own, queue_claims.c.owner_id)
    edge = bindparam("edge", type_=_INSTANT)
    return Statement(
        select(
            source.c.item,
            source.c.subject,
            source.c.about,
            source.c.since,
            owner.label("owner_id"),
            users.c.name.label("owner_name"),
        )
        .select_from(source)
        .outerjoin(queue_claims, claimed)
        .outerjoin(users, users.c.id == owner)
        .where(
            or_(
                edge.is_(None),
                tuple_(source.c.since, source.c.item) > tuple_(edge, bindparam("edge_item", type_=Text)),
            )
        )
        .order_by(source.c.since, source.c.item)
        .limit(bindparam("most", type_=Integer)),
    )


def _waits(queue: Queue) -> Statement:
    source = walled(_SOURCES[queue]).subquery("waiting")
    return Statement(select(source.c.item).where(source.c.item == bindparam("wanted", type_=Text)).limit(1))


def _length(queue: Queue) -> "Select[Any, Any, Any]":
    source = walled(_SOURCES[queue]).subquery(f"waiting_{queue.value}")
    return select(literal(queue.value, Text).label("queue"), func.count(), func.min(source.c.since)).select_from(source)


_ITEMS: Final = {queue: _items(queue) for queue in Queue}
_WAITS: Final = {queue: _waits(queue) for queue in Queue}
_LENGTHS: Final = Statement(union_all(*(_length(queue) for queue in Queue)))


class SqlQueues:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def lengths(self, now: datetime) -> Mapping[Queue, QueueLength]:
        async with driver(self._engine) as connection:
            rows = await _LENGTHS.all(connection, now=now)
        return {Queue(row[0]): QueueLength(row[1], row[2]) for row in rows}

    async def items(
        self, queue: Queue, *, now: datetime, cursor: str | None = None, limit: int = 50
    ) -> Page[QueueItem]:
        edge: Any = decode_cursor(cursor, tuple[datetime, str]) or (None, None)
        clock = {"now": now} if queue is Queue.OUTCOMES else {}
        async with driver(self._engine) as connection:
            rows = await _ITEMS[queue].all(connection, edge=edge[0], edge_item=edge[1], most=limit + 1, **clock)
        items = [
            QueueItem(
                queue=queue,
                item=row["item"],
                subject=row["subject"],
                about=row["about"],
                since=row["since"],
                owner_id=UserId(row["owner_id"]) if row["owner_id"] is not None else None,
                owner_name=row["owner_name"],
            )
            for row in rows
        ]
        if len(items) <= limit:
            return Page(items)
        return Page(items[:limit], encode_cursor(items[limit - 1].since, items[limit - 1].item))

    async def waits(self, queue: Queue, item: str, *, now: datetime) -> bool:
        clock = {"now": now} if queue is Queue.OUTCOMES else {}
        async with driver(self._engine) as connection:
            return await _WAITS[queue].value(connection, wanted=item, **clock) is not None
