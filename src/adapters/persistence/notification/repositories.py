"""Deliveries and feeds on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy import Boolean, DateTime, Integer, String, Uuid, bindparam, exists, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.persistence.metadata import own_columns
from adapters.persistence.notification.tables import deliveries, feeds
from adapters.persistence.statement import Statement, walled
from domain.errors import NotFound, StaleWrite
from domain.events import decode_event, encode_event
from domain.ids import BookingId, DeliveryId, UserId
from domain.notification.delivery import Channel, Delivery, Status
from domain.notification.feed import Feed
from domain.notification.topic import Topic

_INSERT: Final = Statement(
    insert(deliveries)
    .values({column.name: bindparam(column.name, type_=column.type) for column in deliveries.c})
    .on_conflict_do_nothing()
    .returning(deliveries.c.id)
)
_BY_ID: Final = Statement(select(*own_columns(deliveries)).where(deliveries.c.id == bindparam("wanted", type_=Uuid)))
_DUE: Final = (
    walled(select(deliveries.c.id))
    .where(
        deliveries.c.status == Status.QUEUED.value,
        deliveries.c.due_at <= bindparam("now", type_=DateTime(timezone=True)),
    )
    .order_by(deliveries.c.due_at, deliveries.c.recipient_id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM: Final = Statement(
    update(deliveries)
    .where(deliveries.c.id == _DUE.c.id)
    .values(due_at=bindparam("lease_until", type_=DateTime(timezone=True)), attempts=deliveries.c.attempts + 1)
    .returning(*own_columns(deliveries))
)
_GATHERED: Final = (
    walled(select(deliveries.c.id))
    .where(
        deliveries.c.recipient_id == bindparam("reader", type_=Uuid),
        deliveries.c.status == Status.QUEUED.value,
        deliveries.c.gathered,
        deliveries.c.due_at <= bindparam("now", type_=DateTime(timezone=True)),
    )
    .with_for_update(skip_locked=True)
    .cte("gathered")
)
_CLAIM_GATHERED: Final = Statement(
    update(deliveries)
    .where(deliveries.c.id == _GATHERED.c.id)
    .values(due_at=bindparam("lease_until", type_=DateTime(timezone=True)), attempts=deliveries.c.attempts + 1)
    .returning(*own_columns(deliveries))
)
_READ_NOTES: Final = Statement(
    update(deliveries)
    .where(
        deliveries.c.recipient_id == bindparam("reader", type_=Uuid),
        deliveries.c.channel == Channel.IN_APP.value,
        deliveries.c.read_at.is_(None),
    )
    .values(read_at=bindparam("moment", type_=DateTime(timezone=True)))
)
_SAVE: Final = Statement(
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("wanted", type_=Uuid),
        deliveries.c.status.in_([bindparam("was", type_=String), bindparam("or_was", type_=String)]),
        # A revived one starts counting again; its old count need not be known.
        (deliveries.c.attempts == bindparam("claim", type_=Integer)) | (deliveries.c.status == Status.DEAD.value),
    )
    .values(
        status=bindparam("status", type_=String),
        attempts=bindparam("attempts", type_=Integer),
        error=bindparam("error", type_=String),
        due_at=bindparam("due_at", type_=DateTime(timezone=True)),
        sent_at=bindparam("sent_at", type_=DateTime(timezone=True)),
        not_after=bindparam("not_after", type_=DateTime(timezone=True)),
        gathered=bindparam("gathered", type_=Boolean),
        provider_ref=bindparam("provider_ref", type_=String),
        unsure=bindparam("unsure", type_=Boolean),
    )
)
_KNOWS: Final = Statement(
    select(
        exists(
            walled(
                select(literal(1)).where(
                    deliveries.c.booking_id == bindparam("lesson", type_=Uuid),
                    deliveries.c.topic == bindparam("what", type_=String),
                )
            )
        )
    )
)


def to_row(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "key": delivery.key,
        "channel": delivery.channel.value,
        "topic": delivery.topic.value,
        "recipient_id": delivery.recipient_id,
        "event": encode_event(delivery.event).decode(),
        "booking_id": delivery.booking_id,
        "status": delivery.status.value,
        "attempts": delivery.attempts,
        "error": delivery.error,
        "created_at": delivery.created_at,
        "due_at": delivery.due_at,
        "not_after": delivery.not_after,
        "sent_at": delivery.sent_at,
        "gathered": delivery.gathered,
        "read_at": delivery.read_at,
        "provider_ref": delivery.provider_ref,
        "unsure": delivery.unsure,
    }


def from_row(row: "asyncpg.Record") -> Delivery:
    values = dict(row)
    return Delivery(
        channel=Channel(values.pop("channel")),
        topic=Topic(values.pop("topic")),
        status=Status(values.pop("status")),
        event=decode_event(values.pop("event")),
        **values,
    )


class SqlDeliveries:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def add(self, *deliveries: Delivery) -> int:
        return len(await _INSERT.each(self._connection, (to_row(delivery) for delivery in deliveries)))

    async def get(self, delivery_id: DeliveryId) -> Delivery:
        row = await _BY_ID.row(self._connection, wanted=delivery_id)
        if row is None:
            raise NotFound("there is no message {message}", message=str(delivery_id))
        return from_row(row)

    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[Delivery]:
        rows = await _CLAIM.all(self._connection, now=now, most=limit, lease_until=now + lease)
        return sorted((from_row(row) for row in rows), key=lambda delivery: delivery.created_at)

    async def due_together(self, recipient_id: UserId, *, now: datetime, lease: timedelta) -> Sequence[Delivery]:
        rows = await _CLAIM_GATHERED.all(self._connection, now=now, reader=recipient_id, lease_until=now + lease)
        return sorted((from_row(row) for row in rows), key=lambda delivery: delivery.created_at)

    async def read_notes(self, recipient_id: UserId, *, at: datetime) -> int:
        return await _READ_NOTES.run(self._connection, reader=recipient_id, moment=at)

    async def save(self, delivery: Delivery) -> None:
        revived = delivery.status is Status.QUEUED and delivery.attempts == 0
        was = Status.DEAD if revived else Status.QUEUED
        touched = await _SAVE.run(
            self._connection,
            wanted=delivery.id,
            was=was.value,
            or_was=(Status.SENT if delivery.status is Status.REPLACED else was).value,
            claim=delivery.attempts,
            status=delivery.status.value,
            attempts=delivery.attempts,
            error=delivery.error,
            due_at=delivery.due_at,
            sent_at=delivery.sent_at,
            not_after=delivery.not_after,
            gathered=delivery.gathered,
            provider_ref=delivery.provider_ref,
            unsure=delivery.unsure,
        )
        if touched != 1:
            raise StaleWrite("message {message} has moved on", message=str(delivery.id))

    async def knows(self, booking_id: BookingId, topic: Topic) -> bool:
        return bool(await _KNOWS.value(self._connection, lesson=booking_id, what=topic.value))


_ADD_FEED: Final = Statement(
    insert(feeds).values({column.name: bindparam(column.name, type_=column.type) for column in feeds.c})
)
_LIVE_BY_TOKEN: Final = Statement(
    select(*own_columns(feeds)).where(feeds.c.token_hash == bindparam("wanted"), feeds.c.revoked_at.is_(None))
)
_LIVE_OF: Final = Statement(
    select(*own_columns(feeds)).where(feeds.c.user_id == bindparam("owner", type_=Uuid), feeds.c.revoked_at.is_(None))
)
_REVOKE: Final = Statement(
    update(feeds)
    .where(feeds.c.user_id == bindparam("owner", type_=Uuid), feeds.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("moment", type_=DateTime(timezone=True)))
)


class SqlFeeds:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def add(self, feed: Feed) -> None:
        await _ADD_FEED.run(
            self._connection,
            token_hash=feed.token_hash,
            user_id=feed.user_id,
            created_at=feed.created_at,
            revoked_at=feed.revoked_at,
        )

    async def by_token(self, token_hash: bytes) -> Feed | None:
        row = await _LIVE_BY_TOKEN.row(self._connection, wanted=token_hash)
        return Feed(**dict(row)) if row is not None else None

    async def live_of(self, user_id: UserId) -> Feed | None:
        row = await _LIVE_OF.row(self._connection, owner=user_id)
        return Feed(**dict(row)) if row is not None else None

    async def revoke(self, user_id: UserId, *, at: datetime) -> int:
        return await _REVOKE.run(self._connection, owner=user_id, moment=at)
