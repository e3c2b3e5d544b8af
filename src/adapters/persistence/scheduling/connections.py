"""Other calendars of Qaris on PostgreSQL. What opens them arrives here sealed and leaves so. (DISC-06)"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import DateTime, Integer, Text, Uuid, any_, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.persistence.metadata import own_columns
from adapters.persistence.scheduling.connection_tables import calendar_connections, external_busy
from adapters.persistence.statement import Statement
from domain.errors import NotFound, StaleWrite
from domain.ids import ConnectionId, UserId
from domain.scheduling.connection import Connection, Source, Status
from ports.scheduling.connections import MOST_PARTS, BusyRead

FOR_EVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
BLIND: Final = ""
"""The key of the row that stands for a strict connection."""
_INSTANT: Final = DateTime(timezone=True)
_OWN: Final = own_columns(calendar_connections)
_THIS: Final = calendar_connections.c.id == bindparam("wanted", type_=Uuid)
_STANDS: Final = calendar_connections.c.status != Status.REMOVED.value
_ADD: Final = Statement(
    insert(calendar_connections).values({column.name: bindparam(column.name, type_=column.type) for column in _OWN})
)
_GET: Final = Statement(select(*_OWN).where(_THIS, _STANDS))
_OF: Final = Statement(
    select(*_OWN)
    .where(calendar_connections.c.qari_id == bindparam("qari", type_=Uuid), _STANDS)
    .order_by(calendar_connections.c.created_at, calendar_connections.c.id)
)
_SAVE: Final = Statement(
    update(calendar_connections)
    .where(_THIS, calendar_connections.c.version == bindparam("was", type_=Integer))
    .values({column.name: bindparam(column.name, type_=column.type) for column in _OWN if column.name != "id"})
)
_DUE: Final = Statement(
    select(calendar_connections.c.id)
    .where(
        calendar_connections.c.status == Status.CONNECTED.value,
        calendar_connections.c.next_read_at <= bindparam("now", type_=_INSTANT),
    )
    .order_by(calendar_connections.c.next_read_at)
    .limit(bindparam("most", type_=Integer))
)
_ITS: Final = external_busy.c.connection_id == bindparam("calendar", type_=Uuid)
_FORGET_ALL: Final = Statement(delete(external_busy).where(_ITS))
_FORGET_TIMES: Final = Statement(delete(external_busy).where(_ITS, external_busy.c.blind.is_(False)))
_SEE_AGAIN: Final = Statement(delete(external_busy).where(_ITS, external_busy.c.blind))
_FORGET: Final = Statement(
    delete(external_busy).where(_ITS, external_busy.c.key == any_(bindparam("keys", type_=ARRAY(Text))))
)
_blind = upsert(external_busy).values(
    connection_id=bindparam("calendar", type_=Uuid),
    key=BLIND,
    qari_id=bindparam("qari", type_=Uuid),
    starts_at=bindparam("since", type_=_INSTANT),
    ends_at=FOR_EVER,
    blind=True,
)
_GO_BLIND: Final = Statement(
    _blind.on_conflict_do_update(
        index_elements=[external_busy.c.connection_id, external_busy.c.key],
        set_={"starts_at": _blind.excluded.starts_at},
    )
)
_KEEP: Final = """
    INSERT INTO external_busy (connection_id, qari_id, blind, key, starts_at, ends_at)
    SELECT $1, $2, false, * FROM unnest($3::text[], $4::timestamptz[], $5::timestamptz[])
    ON CONFLICT (connection_id, key) DO UPDATE SET starts_at = excluded.starts_at, ends_at = excluded.ends_at
"""


class SqlConnections:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def add(self, connection: Connection) -> None:
        await _ADD.run(self._connection, **_row(connection))
        await self._mark(connection)

    async def get(self, connection_id: ConnectionId) -> Connection:
        row = await _GET.row(self._connection, wanted=connection_id)
        if row is None:
            raise NotFound("there is no such calendar")
        return _entity(row)

    async def save(self, connection: Connection) -> None:
        row = _row(connection)
        wanted = row.pop("id")
        if await _SAVE.run(self._connection, wanted=wanted, was=connection.version - 1, **row) != 1:
            raise StaleWrite(
                "calendar {calendar} is not at version {version}",
                calendar=str(connection.id),
                version=connection.version - 1,
            )
        await self._mark(connection)

    async def _mark(self, connection: Connection) -> None:
        if not connection.stands:
            await _FORGET_ALL.run(self._connection, calendar=connection.id)
        elif connection.strict:
            await _GO_BLIND.run(
                self._connection, calendar=connection.id, qari=connection.qari_id, since=connection.fresh_until
            )
        else:
            await _SEE_AGAIN.run(self._connection, calendar=connection.id)

    async def of(self, qari_id: UserId) -> Sequence[Connection]:
        return [_entity(row) for row in await _OF.all(self._connection, qari=qari_id)]

    async def due(self, now: datetime, limit: int) -> Sequence[ConnectionId]:
        return [row["id"] for row in await _DUE.all(self._connection, now=now, most=limit)]

    async def keep_busy(self, connection: Connection, read: BusyRead) -> None:
        if read.whole:
            await _FORGET_TIMES.run(self._connection, calendar=connection.id)
        elif gone := [part.key for part in read.parts if part.slot is None]:
            await _FORGET.run(self._connection, calendar=connection.id, keys=gone)
        kept = {part.key: part.slot for part in read.parts if part.slot is not None}
        soonest = sorted(kept.items(), key=lambda item: item[1])[:MOST_PARTS]
        if soonest:
            await self._connection.execute(
                _KEEP,
                connection.id,
                connection.qari_id,
                [key for key, _ in soonest],
                [slot.start for _, slot in soonest],
                [slot.end for _, slot in soonest],
            )


def _row(connection: Connection) -> dict[str, Any]:
    return msgspec.structs.asdict(connection) | {
        "source": connection.source.value,
        "status": connection.status.value,
    }


def _entity(row: "asyncpg.Record") -> Connection:
    values = dict(row)
    return Connection(source=Source(values.pop("source")), status=Status(values.pop("status")), **values)
