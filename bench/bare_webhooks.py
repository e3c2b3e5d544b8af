"""What the intake of webhooks is measured against: ``python bench/bare_webhooks.py PORT``, ASGI over asyncpg.

One transaction a message: verify its HMAC, insert it unless it is known, lock the payment it is about, write payment,
lesson, ledger and outbox as the product does. It asks no provider, has no worker, no academies, no retries. The rows
are copies of those that the product wrote for the first payment in ``BARE_SAMPLE`` (a database), with other ids.
"""

import hashlib
import hmac
import os
import sys
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import msgspec
import uvicorn
from bare import ACADEMY, HEADERS, _body
from uuid_utils.compat import uuid7

Row = dict[str, Any]
SECRET: Final = os.environ.get("BARE_SECRET", "").encode()
_STORE: Final = """
    INSERT INTO webhook_events (id, provider, account, event_id, type, object_ref, raw, occurred_at, received_at,
        status, attempts, due_at, error, settled_at, academy_id)
    VALUES ($1, 'sandbox', 'school', $2, $3, $4, $5, $6, $6, 'processed', 1, $6, '', $6, $7)
    ON CONFLICT DO NOTHING RETURNING id
"""
_LOCK: Final = """
    SELECT p.id, p.status, l.booking_id FROM payments p JOIN payment_lines l ON l.payment_id = p.id
     WHERE p.provider = 'sandbox' AND p.account = 'school' AND p.provider_ref = $1 FOR UPDATE OF p
"""
_PAID: Final = """
    UPDATE payments SET status = 'captured', charge_ref = $2, fact_status = 'succeeded', fact_at = $3, captured_at = $3,
        version = version + 1 WHERE id = $1
"""
_CONFIRM: Final = """
    UPDATE bookings SET status = 'confirmed', payment_id = $2, hold_expires_at = NULL, version = version + 1
     WHERE id = $1 AND status IN ('held', 'pending_payment')
"""


def _insert(table: str, row: Row) -> str:
    places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"  # noqa: S608 - names of our own tables


class Sample:
    """What the product wrote for one payment."""

    payment: str
    booking: str
    journal: Row
    entries: list[Row]
    events: list[tuple[Row, list[Row]]]

    async def take(self, url: str) -> None:
        one: Any = await asyncpg.connect(url)
        paid = await one.fetchrow("SELECT p.id, l.booking_id FROM payments p JOIN payment_lines l "
                                  "ON l.payment_id = p.id WHERE p.status = 'captured' ORDER BY p.id")  # fmt: skip
        self.payment, self.booking = str(paid["id"]), str(paid["booking_id"])
        self.journal = dict(await one.fetchrow("SELECT * FROM ledger_journals WHERE source = $1", paid["id"]))
        entries = await one.fetch("SELECT * FROM ledger_entries WHERE journal_id = $1", self.journal["id"])
        self.entries = [dict(row) for row in entries]
        events = await one.fetch("SELECT * FROM outbox_events WHERE payload::text LIKE '%' || $1 || '%'", self.booking)
        tasks = "SELECT event_id, subscriber, due_at, academy_id FROM outbox_tasks WHERE event_id = $1"
        self.events = [(dict(row), [dict(task) for task in await one.fetch(tasks, row["id"])]) for row in events]
        await one.close()

    async def write(self, one: Any, payment: Any, booking: Any, now: datetime) -> None:
        journal = self.journal | {"id": uuid7(), "source": payment, "at": now}
        await one.execute(_insert("ledger_journals", journal), *journal.values())
        entries = [
            row | {"journal_id": journal["id"], "booking_id": booking if row["booking_id"] else None}
            for row in self.entries
        ]
        await one.executemany(_insert("ledger_entries", entries[0]), [tuple(row.values()) for row in entries])
        events, tasks = [], []
        for event, of_event in self.events:
            told = event["payload"].replace(self.payment, str(payment)).replace(self.booking, str(booking))
            event_id = uuid7()
            events.append(event | {"id": event_id, "payload": told, "occurred_at": now})
            tasks += [task | {"event_id": event_id, "due_at": now} for task in of_event]
        await one.executemany(_insert("outbox_events", events[0]), [tuple(row.values()) for row in events])
        await one.executemany(_insert("outbox_tasks", tasks[0]), [tuple(row.values()) for row in tasks])


class Bare:
    def __init__(self, url: str, sample: str) -> None:
        self._url, self._from, self._sample = url, sample, Sample()
        self._pool: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self._pool = await asyncpg.create_pool(self._url, min_size=10, max_size=10, server_settings={"jit": "off"})
            await self._sample.take(self._from)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self._pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        status = 200 if scope["method"] == "GET" else await self._take_in(scope, await _body(receive))
        body = b'{"received":true}'
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [*HEADERS, length]})
        await send({"type": "http.response.body", "body": body})

    async def _take_in(self, scope: Any, raw: bytes) -> int:
        signature = next(value for name, value in scope["headers"] if name == b"sandbox-signature")
        stamp, _, given = signature.removeprefix(b"t=").partition(b",v1=")
        wanted = hmac.new(SECRET, stamp + b"." + raw, hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(wanted, given):
            return 400
        told = msgspec.json.decode(raw)
        ref, now = told["data"]["object"]["id"], datetime.now(UTC)
        async with self._pool.acquire() as one, one.transaction():
            known = await one.fetchval(_STORE, uuid7(), told["id"], told["type"], ref, raw, now, ACADEMY)
            if known is None:
                return 200
            payment = await one.fetchrow(_LOCK, ref)
            if payment["status"] == "open":
                await one.execute(_PAID, payment["id"], f"ch_{ref[3:]}", now)
                await one.execute(_CONFIRM, payment["booking_id"], payment["id"])
                await self._sample.write(one, payment["id"], payment["booking_id"], now)
        return 200


if __name__ == "__main__":
    bare = Bare(os.environ["BARE_DATABASE"], os.environ["BARE_SAMPLE"])
    uvicorn.run(bare, port=int(sys.argv[1]), log_config=None, access_log=False, server_header=False, lifespan="on")
