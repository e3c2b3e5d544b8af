"""The school's hosts on PostgreSQL. That nobody holds two classes at once is an exclusion constraint. (LIVE-10)"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy import Boolean, DateTime, Text, Uuid, bindparam, delete, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.persistence.metadata import own_columns
from adapters.persistence.scheduling.meeting_tables import host_times, hosts
from adapters.persistence.statement import Statement
from domain.errors import NotFound
from domain.ids import BookingId, MeetingHostId
from domain.scheduling.meeting_host import MeetingHost
from domain.scheduling.meeting_server import Service
from domain.time import TimeSlot

_FROM: Final = bindparam("opens", type_=DateTime(timezone=True))
_UNTIL: Final = bindparam("closes", type_=DateTime(timezone=True))
_HOST: Final = bindparam("wanted", type_=Uuid)
_LESSON: Final = bindparam("lesson", type_=Uuid)
AROUND: Final = timedelta(hours=12)

_GET: Final = Statement(select(*own_columns(hosts)).where(hosts.c.id == _HOST))
_ALL: Final = Statement(select(*own_columns(hosts)).order_by(hosts.c.provider, hosts.c.account, hosts.c.address))
_ADD: Final = Statement(
    insert(hosts)
    .values({column.name: bindparam(column.name, type_=column.type) for column in hosts.c})
    .on_conflict_do_nothing()
    .returning(hosts.c.id)
)
_SAVE: Final = Statement(update(hosts).where(hosts.c.id == _HOST).values(active=bindparam("on", type_=Boolean)))
_HELD: Final = Statement(select(host_times.c.host_id).where(host_times.c.booking_id == _LESSON))
_FREE: Final = Statement(delete(host_times).where(host_times.c.booking_id == _LESSON))
_overlaps: Final = func.tstzrange(host_times.c.busy_from, host_times.c.busy_until).op("&&")(
    func.tstzrange(_FROM, _UNTIL)
)
_near: Final = (
    select(func.count())
    .select_from(host_times)
    .where(
        host_times.c.host_id == hosts.c.id,
        host_times.c.busy_from >= bindparam("day_from", type_=DateTime(timezone=True)),
        host_times.c.busy_from < bindparam("day_until", type_=DateTime(timezone=True)),
    )
    .scalar_subquery()
)
_CANDIDATES: Final = Statement(
    select(*own_columns(hosts))
    .where(
        hosts.c.provider == bindparam("by", type_=Text),
        hosts.c.active,
        ~exists(literal(1)).where(host_times.c.host_id == hosts.c.id, _overlaps),
    )
    .order_by(_near, hosts.c.created_at, hosts.c.id)
)
_TAKE: Final = Statement(
    insert(host_times)
    .values({column.name: bindparam(column.name, type_=column.type) for column in host_times.c})
    .on_conflict_do_nothing()
    .returning(host_times.c.host_id)
)
_LOAD: Final = Statement(
    select(host_times.c.host_id, func.count().label("classes"))
    .where(host_times.c.busy_from >= _FROM, host_times.c.busy_from < _UNTIL)
    .group_by(host_times.c.host_id)
)


def _host(row: "asyncpg.Record") -> MeetingHost:
    values = dict(row)
    return MeetingHost(provider=Service(values.pop("provider")), **values)


class SqlMeetingHosts:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def get(self, host_id: MeetingHostId) -> MeetingHost:
        row = await _GET.row(self._connection, wanted=host_id)
        if row is None:
            raise NotFound("there is no such host")
        return _host(row)

    async def all(self) -> Sequence[MeetingHost]:
        return [_host(row) for row in await _ALL.all(self._connection)]

    async def add(self, host: MeetingHost) -> bool:
        added = await _ADD.value(
            self._connection,
            id=host.id,
            provider=host.provider.value,
            account=host.account,
            address=host.address,
            active=host.active,
            created_at=host.created_at,
        )
        return added is not None

    async def save(self, host: MeetingHost) -> None:
        if not await _SAVE.run(self._connection, wanted=host.id, on=host.active):
            raise NotFound("there is no such host")

    async def occupy(self, provider: Service, booking_id: BookingId, span: TimeSlot) -> MeetingHost | None:
        held = await _HELD.value(self._connection, lesson=booking_id)
        await self.free(booking_id)
        middle = span.start
        rows = await _CANDIDATES.all(
            self._connection,
            by=provider.value,
            opens=span.start,
            closes=span.end,
            day_from=middle - AROUND,
            day_until=middle + AROUND,
        )
        # One that somebody takes at the same moment, or holds in another academy, is passed over by the constraint.
        for host in sorted(map(_host, rows), key=lambda host: host.id != held):
            taken = await _TAKE.value(
                self._connection,
                booking_id=booking_id,
                host_id=host.id,
                seat=host.seat,
                busy_from=span.start,
                busy_until=span.end,
            )
            if taken is not None:
                return host
        return None

    async def free(self, booking_id: BookingId) -> None:
        await _FREE.run(self._connection, lesson=booking_id)

    async def load(self, span: TimeSlot) -> dict[MeetingHostId, int]:
        rows = await _LOAD.all(self._connection, opens=span.start, closes=span.end)
        return {row["host_id"]: row["classes"] for row in rows}
