"""What the product is measured against: an ASGI callable over an asyncpg pool, and nothing else. No framework, nobody
who asks who is there, no log, no counting: ``python bench/bare.py PORT`` with the database in ``BARE_DATABASE``.

* ``GET /api/v1/bookings/{id}`` answers the bytes that the product answers, from one statement.
* ``POST /api/v1/bookings`` writes, in one transaction, the rows that the product writes for a held slot: the key of the
  request, the lesson, the event, its tasks, the kept answer.
* ``POST /webhooks/sandbox/default`` stores the body.

The pool is asyncpg's own, as its documentation starts it. ``BARE_POOL=lent`` makes it one that hands connections out as
they come back, without the statement by which asyncpg resets them: what a bare server could be at best.
"""

import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
import uvicorn
from uuid_utils.compat import uuid7

ACADEMY: Final = UUID("00000000-0000-7000-8000-000000000001")
HEADERS: Final = [(b"content-type", b"application/json")]
READ: Final = """
    SELECT b.*, l.name AS learner_name, l.zone AS learner_zone, q.name AS qari_name, q.zone AS qari_zone,
           p.id AS proposal_id
      FROM bookings b JOIN users l ON l.id = b.learner_id JOIN users q ON q.id = b.qari_id
      LEFT JOIN proposals p ON p.booking_id = b.id AND p.status = 'open'
     WHERE b.id = $1 AND b.academy_id = $2
"""
STORE: Final = """
    INSERT INTO webhook_events (id, provider, account, event_id, type, object_ref, raw, occurred_at, received_at,
        status, attempts, due_at, error, academy_id)
    VALUES ($1, 'sandbox', 'bare', $2, 'payment.paid', '', $3, $4, $4, 'received', 0, $4, '', $5)
    ON CONFLICT DO NOTHING
"""
Answer = tuple[int, bytes]


async def _as_it_came(_: Any) -> None:
    """Instead of asyncpg's own statement between two users of a connection."""


class Bare:
    def __init__(self, url: str, *, lent: bool) -> None:
        self._url, self._lent = url, lent
        self._pool: Any = None
        self._copies: Copies | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        work: Callable[[Any, Any], Awaitable[Answer]] = self._read
        if scope["method"] == "POST":
            work = self._store if scope["path"].startswith("/webhooks") else self._hold
        status, body = await work(scope, receive)
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [*HEADERS, length]})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        await self.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def open(self) -> None:
        more: dict[str, Any] = {"reset": _as_it_came} if self._lent else {}
        self._pool = await asyncpg.create_pool(
            self._url, min_size=10, max_size=10, server_settings={"jit": "off"}, **more
        )
        self._copies = Copies(self._pool)

    async def close(self) -> None:
        await self._pool.close()

    async def _read(self, scope: Any, _: Any) -> Answer:
        if scope["path"].startswith("/health"):
            return 200, b"{}"
        row = await self._pool.fetchrow(READ, UUID(scope["path"].rsplit("/", 1)[1]), ACADEMY)
        return 200, msgspec.json.encode(_lesson(row))

    async def _store(self, _: Any, receive: Any) -> Answer:
        body = await _body(receive)
        now = datetime.now(UTC)
        await self._pool.execute(STORE, uuid7(), uuid7().hex, body, now, ACADEMY)
        return 200, b'{"received":true,"duplicate":false}'

    async def _hold(self, scope: Any, receive: Any) -> Answer:
        wanted = msgspec.json.decode(await _body(receive))
        key = next(value for name, value in scope["headers"] if name == b"idempotency-key")
        assert self._copies is not None
        return await self._copies.hold(datetime.fromisoformat(wanted["starts_at"]), key.decode())


class Copies:
    """The rows of the first held slot that it finds, written again for another time."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._ready = False

    async def _look(self) -> None:
        async with self._pool.acquire() as one:
            self._booking = dict(await one.fetchrow("SELECT * FROM bookings WHERE status = 'held' LIMIT 1"))
            event = dict(await one.fetchrow("SELECT * FROM outbox_events WHERE payload->>'booking_id' = $1",
                                            str(self._booking["id"])))  # fmt: skip
            tasks = [dict(row) for row in await one.fetch("SELECT * FROM outbox_tasks WHERE event_id = $1",
                                                          event["id"])]  # fmt: skip
            kept = dict(await one.fetchrow("SELECT * FROM idempotency_keys WHERE status = 201 LIMIT 1"))
        self._event, self._tasks, self._kept = event, tasks, kept
        names = list(self._booking)
        places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
        self._insert = (
            f"INSERT INTO bookings ({', '.join(names)}) VALUES ({places}) ON CONFLICT DO NOTHING RETURNING id"  # noqa: S608
        )
        self._ready = True

    async def hold(self, start: datetime, key: str) -> Answer:
        if not self._ready:
            await self._look()
        booking = self._booking | {"id": uuid7()}
        late = start - booking["starts_at"]
        for name in ("starts_at", "ends_at", "busy_from", "busy_until"):
            booking[name] = self._booking[name] + late
        event_id, now = uuid7(), datetime.now(UTC)
        scope, kept = f"bare:{self._kept['scope']}", self._kept
        async with self._pool.acquire() as one, one.transaction():
            await one.execute(
                "INSERT INTO idempotency_keys (scope, key, request_hash, locked_until, created_at) "
                "VALUES ($1, $2, $3, $4, $5)",
                scope, key, kept["request_hash"], now + timedelta(seconds=60), now,
            )  # fmt: skip
            if await one.fetchval(self._insert, *booking.values()) is None:
                return 409, b'{"code":"slot_taken"}'
            await one.execute(
                "INSERT INTO outbox_events (id, type, payload, occurred_at, academy_id) VALUES ($1, $2, $3, $4, $5)",
                event_id, self._event["type"], self._event["payload"], now, ACADEMY,
            )  # fmt: skip
            await one.executemany(
                "INSERT INTO outbox_tasks (event_id, subscriber, due_at, academy_id) VALUES ($1, $2, $3, $4)",
                [(event_id, task["subscriber"], now, ACADEMY) for task in self._tasks],
            )
            await one.execute(
                "UPDATE idempotency_keys SET status = 201, body = $3 WHERE scope = $1 AND key = $2",
                scope, key, kept["body"],
            )  # fmt: skip
        return 201, kept["body"]


async def _body(receive: Any) -> bytes:
    found = b""
    while True:
        message: dict[str, Any] = await receive()
        found += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return found


def _lesson(row: Any) -> dict[str, Any]:
    lesson = {
        "id": row["id"], "starts_at": row["starts_at"], "ends_at": row["ends_at"], "status": row["status"],
        "kind": row["kind"], "price": {"minor": row["price_minor"], "currency": row["currency"]},
        "learner": {"id": row["learner_id"], "name": row["learner_name"], "zone": row["learner_zone"]},
        "qari": {"id": row["qari_id"], "name": row["qari_name"], "zone": row["qari_zone"]},
        "hold_expires_at": row["hold_expires_at"], "series_id": row["series_id"],
        "series_index": row["series_index"], "payment_id": row["payment_id"], "moves": row["moves"],
        "note": row["note"], "reason": row["reason"], "created_at": row["created_at"],
    }  # fmt: skip
    return {"lesson": lesson, "party": "learner", "proposal": row["proposal_id"], "series": []}


if __name__ == "__main__":
    bare = Bare(os.environ["BARE_DATABASE"], lent=os.environ.get("BARE_POOL") == "lent")
    uvicorn.run(
        bare, port=int(sys.argv[1]), log_config=None, access_log=False, server_header=False, lifespan="on",
        timeout_keep_alive=75,
    )  # fmt: skip
