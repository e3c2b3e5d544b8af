"""Copies of personal data and erasures on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import DateTime, Integer, Uuid, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.persistence.identity.account_tables import ERASURE_SCHEDULED, erasures, exports
from adapters.persistence.metadata import WALL
from adapters.persistence.statement import Statement
from domain.errors import NotFound, StaleWrite
from domain.identity.privacy import Erasure, ErasureStatus, ErasureUnderWay, Export, ExportStatus
from domain.ids import ErasureId, ExportId, UserId

_INSTANT: Final = DateTime(timezone=True)
_EXPORT: Final = [column for column in exports.c if column.name != WALL]
_ERASURE: Final = [column for column in erasures.c if column.name != WALL]
_OF: Final = bindparam("of", type_=Uuid)
_NOW: Final = bindparam("now", type_=_INSTANT)
_MOST: Final = bindparam("most", type_=Integer)

_ADD_EXPORT: Final = Statement(
    upsert(exports)
    .values({column.name: bindparam(column.name, type_=column.type) for column in _EXPORT})
    .on_conflict_do_nothing(index_elements=["user_id"], index_where=text("status = 'requested'"))
)
_GET_EXPORT: Final = Statement(select(*_EXPORT).where(exports.c.id == _OF).with_for_update())
_LATEST_EXPORT: Final = Statement(
    select(*_EXPORT).where(exports.c.user_id == _OF).order_by(exports.c.created_at.desc(), exports.c.id.desc()).limit(1)
)
_WAITING: Final = Statement(
    select(*_EXPORT)
    .where(exports.c.status == ExportStatus.REQUESTED.value)
    .order_by(exports.c.created_at)
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
_RUN_OUT: Final = Statement(
    select(*_EXPORT)
    .where(exports.c.status == ExportStatus.READY.value, exports.c.expires_at <= _NOW)
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
_SAVE_EXPORT: Final = Statement(
    update(exports)
    .where(exports.c.id == _OF, exports.c.version == bindparam("stored"))
    .values({name: bindparam(name) for name in ("status", "expires_at", "archive", "version")})
)
_ADD_ERASURE: Final = Statement(insert(erasures))
_SCHEDULED_OF: Final = Statement(
    select(*_ERASURE).where(erasures.c.user_id == _OF, erasures.c.status == ErasureStatus.SCHEDULED.value)
)
_WAS_ERASED: Final = Statement(
    select(func.count())
    .select_from(erasures)
    .where(erasures.c.user_id == _OF, erasures.c.status == ErasureStatus.DONE.value)
)
_DUE: Final = Statement(
    select(erasures.c.id)
    .where(erasures.c.status == ErasureStatus.SCHEDULED.value, erasures.c.due_at <= _NOW)
    .order_by(erasures.c.due_at)
    .limit(_MOST)
)
_GET_ERASURE: Final = Statement(select(*_ERASURE).where(erasures.c.id == _OF).with_for_update())
_SAVE_ERASURE: Final = Statement(
    update(erasures)
    .where(erasures.c.id == _OF, erasures.c.version == bindparam("stored"))
    .values({name: bindparam(name) for name in ("status", "due_at", "settled_at", "version")})
)


class SqlExports:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def add(self, export: Export) -> bool:
        row = msgspec.structs.asdict(export) | {"status": export.status.value}
        return await _ADD_EXPORT.run(self._connection, **row) == 1

    async def get(self, export_id: ExportId) -> Export:
        row = await _GET_EXPORT.row(self._connection, of=export_id)
        if row is None:
            raise NotFound("there is no such export")
        return _export(row)

    async def latest_of(self, user_id: UserId) -> Export | None:
        row = await _LATEST_EXPORT.row(self._connection, of=user_id)
        return _export(row) if row is not None else None

    async def waiting(self, limit: int) -> Sequence[Export]:
        return [_export(row) for row in await _WAITING.all(self._connection, most=limit)]

    async def run_out(self, now: datetime, limit: int) -> Sequence[Export]:
        return [_export(row) for row in await _RUN_OUT.all(self._connection, now=now, most=limit)]

    async def save(self, export: Export) -> None:
        touched = await _SAVE_EXPORT.run(
            self._connection,
            of=export.id,
            stored=export.version - 1,
            status=export.status.value,
            expires_at=export.expires_at,
            archive=export.archive,
            version=export.version,
        )
        if touched != 1:
            raise StaleWrite("this export has changed in between")


class SqlErasures:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def add(self, erasure: Erasure) -> None:
        row = msgspec.structs.asdict(erasure) | {"status": erasure.status.value}
        try:
            await _ADD_ERASURE.run(self._connection, **row)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != ERASURE_SCHEDULED:
                raise
            raise ErasureUnderWay("this account is to be erased already") from error

    async def was_erased(self, user_id: UserId) -> bool:
        return bool(await _WAS_ERASED.value(self._connection, of=user_id))

    async def scheduled_of(self, user_id: UserId) -> Erasure | None:
        row = await _SCHEDULED_OF.row(self._connection, of=user_id)
        return _erasure(row) if row is not None else None

    async def due(self, now: datetime, limit: int) -> Sequence[ErasureId]:
        return [ErasureId(row["id"]) for row in await _DUE.all(self._connection, now=now, most=limit)]

    async def get(self, erasure_id: ErasureId) -> Erasure:
        row = await _GET_ERASURE.row(self._connection, of=erasure_id)
        if row is None:
            raise NotFound("there is no such erasure")
        return _erasure(row)

    async def save(self, erasure: Erasure) -> None:
        touched = await _SAVE_ERASURE.run(
            self._connection,
            of=erasure.id,
            stored=erasure.version - 1,
            status=erasure.status.value,
            due_at=erasure.due_at,
            settled_at=erasure.settled_at,
            version=erasure.version,
        )
        if touched != 1:
            raise StaleWrite("this erasure has changed in between")


def _export(row: "asyncpg.Record") -> Export:
    values = dict(row)
    return Export(status=ExportStatus(values.pop("status")), **values)


def _erasure(row: "asyncpg.Record") -> Erasure:
    values = dict(row)
    return Erasure(status=ErasureStatus(values.pop("status")), **values)
