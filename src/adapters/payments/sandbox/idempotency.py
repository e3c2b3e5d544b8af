"""One effect per Idempotency-Key: the answer of the first call is kept and given again."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from adapters.payments.sandbox.database import Connection
from adapters.payments.sandbox.errors import other_request

A = TypeVar("A", bound=msgspec.Struct)
KEPT: Final = timedelta(days=30)


async def once(
    connection: Connection,
    account: str,
    key: str | None,
    request: msgspec.Struct,
    answer_type: type[A],
    act: Callable[[], Awaitable[A]],
    *,
    at: datetime,
) -> A:
    """Runs in the caller's transaction: a second call with the key waits for the first one's commit, and a refused
    first call leaves the key free. Raises ApiRefusal when the key came with another request before.
    """
    if key is None:
        return await act()
    fingerprint = hashlib.sha256(type(request).__name__.encode() + msgspec.json.encode(request)).digest()
    first = await connection.fetchval(
        """INSERT INTO sandbox.idempotency (account, key, request_hash, created_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING RETURNING true""",
        account,
        key,
        fingerprint,
        at,
    )
    if not first:
        row = await connection.fetchrow(
            "SELECT request_hash, answer FROM sandbox.idempotency WHERE account = $1 AND key = $2", account, key
        )
        if row is None or row["answer"] is None or row["request_hash"] != fingerprint:
            raise other_request(key)
        return msgspec.json.decode(row["answer"], type=answer_type)
    answer = await act()
    await connection.execute(
        "UPDATE sandbox.idempotency SET answer = $3 WHERE account = $1 AND key = $2",
        account,
        key,
        msgspec.json.encode(answer),
    )
    return answer


async def forget_old_keys(connection: Connection, now: datetime) -> None:
    await connection.execute("DELETE FROM sandbox.idempotency WHERE created_at < $1", now - KEPT)
