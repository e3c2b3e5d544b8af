"""Keys and kept answers in PostgreSQL; one statement claims a key."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, LargeBinary, Text, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.idempotency_tables import idempotency_keys as keys
from adapters.persistence.statement import Statement, driver
from ports.idempotency import KeptAnswer, StillAtWork, reused

_NOW = bindparam("now", type_=DateTime(timezone=True))
_NEW: Any = insert(keys).values(
    scope=bindparam("scope"),
    key=bindparam("key"),
    request_hash=bindparam("request_hash"),
    locked_until=bindparam("locked_until"),
    created_at=_NOW,
)
_CLAIM = Statement(
    _NEW.on_conflict_do_update(
        index_elements=[keys.c.scope, keys.c.key],
        set_={"locked_until": _NEW.excluded.locked_until},
        where=keys.c.status.is_(None)
        & (keys.c.locked_until <= _NOW)
        & (keys.c.request_hash == _NEW.excluded.request_hash),
    ).returning(keys.c.key)
)
_THIS = (keys.c.scope == bindparam("of_scope", type_=Text)) & (keys.c.key == bindparam("of_key", type_=Text))
READ_KEY = Statement(select(keys.c.request_hash, keys.c.status, keys.c.body).where(_THIS))
_KEEP = Statement(
    update(keys).where(_THIS).values(status=bindparam("status"), body=bindparam("body", type_=LargeBinary))
)
_RELEASE = Statement(delete(keys).where(_THIS, keys.c.status.is_(None)))
_PURGE = Statement(delete(keys).where(keys.c.created_at < bindparam("before", type_=DateTime(timezone=True))))


class SqlIdempotency:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin(
        self, scope: str, key: str, request_hash: bytes, *, now: datetime, locked_until: datetime
    ) -> KeptAnswer | None:
        async with driver(self._engine) as connection:
            claimed = await _CLAIM.row(
                connection, scope=scope, key=key, request_hash=request_hash, now=now, locked_until=locked_until
            )
            if claimed is not None:
                return None
            row = await READ_KEY.row(connection, of_scope=scope, of_key=key)
        if row is not None and row["request_hash"] != request_hash:
            raise reused()
        if row is None or row["status"] is None:
            raise StillAtWork("the first request with this key is still at work", retry_after_s=1)
        return KeptAnswer(row["status"], row["body"])

    async def keep(self, scope: str, key: str, answer: KeptAnswer) -> None:
        async with driver(self._engine) as connection:
            await _KEEP.run(connection, of_scope=scope, of_key=key, status=answer.status, body=answer.body)

    async def release(self, scope: str, key: str) -> None:
        async with driver(self._engine) as connection:
            await _RELEASE.run(connection, of_scope=scope, of_key=key)

    async def purge(self, *, before: datetime) -> int:
        async with driver(self._engine) as connection:
            return await _PURGE.run(connection, before=before)
