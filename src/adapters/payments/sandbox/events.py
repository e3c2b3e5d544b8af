"""Events and their deliveries: written in the transaction of what happened, sent afterwards by ``courier``."""

import random
from datetime import datetime, timedelta

from adapters.payments.sandbox.database import Connection
from adapters.payments.sandbox.faults import read_faults, take_drop
from adapters.payments.sandbox.rows import fresh_id
from adapters.payments.sandbox.wire import CheckoutObject, EventData, EventObject, EventType, RefundObject, encode_event


async def emit(
    connection: Connection,
    type: EventType,
    object: CheckoutObject | RefundObject,
    *,
    account: str,
    at: datetime,
) -> None:
    """Stores the event and the deliveries that the faults of the hour leave of it."""
    event = EventObject(id=fresh_id("evt"), type=type, account=account, created_at=at, data=EventData(object=object))
    checkout = object.id if isinstance(object, CheckoutObject) else object.checkout
    await connection.execute(
        "INSERT INTO sandbox.events (id, account, type, checkout, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        event.id,
        account,
        type,
        checkout,
        encode_event(event),
        at,
    )
    faults = await read_faults(connection)
    lost = await take_drop(connection) or random.random() < faults.drop_fraction  # noqa: S311
    for _ in range(1 + faults.duplicate):
        late = faults.delay_s + random.random() * faults.reorder_s  # noqa: S311
        await queue_delivery(
            connection,
            event.id,
            account,
            at=at,
            due=at + timedelta(seconds=late),
            status="dropped" if lost else "waiting",
        )


async def queue_delivery(
    connection: Connection, event_id: str, account: str, *, at: datetime, due: datetime, status: str
) -> None:
    await connection.execute(
        """INSERT INTO sandbox.deliveries (event, account, status, due_at, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $5)""",
        event_id,
        account,
        status,
        due,
        at,
    )
