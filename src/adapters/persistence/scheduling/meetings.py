"""Live classes on PostgreSQL. The room arrives here sealed and leaves so. (LIVE-11)"""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import DateTime, Integer, Uuid, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.persistence.booking.tables import bookings
from adapters.persistence.metadata import own_columns
from adapters.persistence.scheduling.meeting_tables import clicks, meetings
from adapters.persistence.statement import Statement
from domain.errors import StaleWrite
from domain.ids import BookingId
from domain.scheduling.meeting import Click, Meeting, Status
from domain.time import TimeSlot

_INSTANT: Final = DateTime(timezone=True)
_FIND: Final = Statement(select(*own_columns(meetings)).where(meetings.c.booking_id == bindparam("lesson", type_=Uuid)))
_ADD: Final = Statement(
    insert(meetings)
    .values({column.name: bindparam(column.name, type_=column.type) for column in meetings.c})
    .on_conflict_do_nothing()
    .returning(meetings.c.id)
)
_SAVE: Final = Statement(
    update(meetings)
    .where(
        meetings.c.id == bindparam("wanted", type_=Uuid),
        meetings.c.version == bindparam("was", type_=Integer),
    )
    .values(
        {
            name: bindparam(name, type_=meetings.c[name].type)
            for name in ("provider", "status", "sealed_room", "ready_at", "version")
        }
    )
)
_MISSING: Final = Statement(
    select(bookings.c.id)
    .outerjoin(meetings, meetings.c.booking_id == bookings.c.id)
    .where(
        bookings.c.status == "confirmed",
        bookings.c.starts_at >= bindparam("opens", type_=_INSTANT),
        bookings.c.starts_at < bindparam("closes", type_=_INSTANT),
        or_(meetings.c.id.is_(None), meetings.c.status == Status.PLANNED.value),
    )
    .order_by(bookings.c.starts_at)
    .limit(bindparam("most", type_=Integer))
)
_CLICK: Final = Statement(
    insert(clicks).values({column.name: bindparam(column.name, type_=column.type) for column in clicks.c})
)
_CLICKS: Final = Statement(
    select(*own_columns(clicks)).where(clicks.c.booking_id == bindparam("lesson", type_=Uuid)).order_by(clicks.c.at)
)


def _values(meeting: Meeting) -> dict[str, Any]:
    return {
        "id": meeting.id,
        "booking_id": meeting.booking_id,
        "provider": meeting.provider,
        "status": meeting.status.value,
        "sealed_room": meeting.sealed_room,
        "created_at": meeting.created_at,
        "ready_at": meeting.ready_at,
        "version": meeting.version,
    }


class SqlMeetings:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def find(self, booking_id: BookingId) -> Meeting | None:
        row = await _FIND.row(self._connection, lesson=booking_id)
        if row is None:
            return None
        values = dict(row)
        return Meeting(status=Status(values.pop("status")), **values)

    async def add(self, meeting: Meeting) -> bool:
        return await _ADD.value(self._connection, **_values(meeting)) is not None

    async def save(self, meeting: Meeting) -> None:
        values = _values(meeting)
        changes = {name: values[name] for name in ("provider", "status", "sealed_room", "ready_at", "version")}
        if await _SAVE.run(self._connection, wanted=meeting.id, was=meeting.version - 1, **changes) != 1:
            raise StaleWrite(
                "the meeting of lesson {lesson} is not at version {version}",
                lesson=str(meeting.booking_id),
                version=meeting.version - 1,
            )

    async def missing(self, window: TimeSlot, limit: int) -> Sequence[BookingId]:
        rows = await _MISSING.all(self._connection, opens=window.start, closes=window.end, most=limit)
        return [row["id"] for row in rows]

    async def record_click(self, click: Click) -> None:
        await _CLICK.run(self._connection, booking_id=click.booking_id, user_id=click.user_id, at=click.at)

    async def clicks(self, booking_id: BookingId) -> Sequence[Click]:
        return [Click(**dict(row)) for row in await _CLICKS.all(self._connection, lesson=booking_id)]
