"""Live classes on PostgreSQL. The room arrives here sealed and leaves so. (LIVE-11)"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert

from adapters.persistence.booking.tables import bookings
from adapters.persistence.line import Ask
from adapters.persistence.metadata import own_columns
from adapters.persistence.scheduling.class_tables import class_occurrences
from adapters.persistence.scheduling.meeting_tables import choices, clicks, meetings, sightings, strays
from adapters.persistence.statement import Statement, walled
from domain.errors import StaleWrite
from domain.ids import AcademyId, BookingId, UserId
from domain.scheduling.meeting import Click, Meeting, Sighting, Status, Stray
from domain.scheduling.meeting_server import Service
from domain.time import TimeSlot

_INSTANT: Final = DateTime(timezone=True)
CHANGING: Final = (
    "provider",
    "status",
    "sealed_room",
    "ready_at",
    "version",
    "host_id",
    "starts_at",
    "ends_at",
    "claimed_until",
    "attempts",
    "reference",
)


def _insert(table: Table) -> Insert:
    return insert(table).values({column.name: bindparam(column.name, type_=column.type) for column in table.c})


def _upsert(table: Table, key: "Column[Any]", *changing: str) -> Insert:
    adding = _insert(table)
    return adding.on_conflict_do_update(index_elements=[key], set_={name: adding.excluded[name] for name in changing})


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
    .values({name: bindparam(name, type_=meetings.c[name].type) for name in CHANGING})
)
_OPENS: Final = bindparam("opens", type_=_INSTANT)
_CLOSES: Final = bindparam("closes", type_=_INSTANT)


def _soon(held: Table, stands: "ColumnElement[bool]") -> "Select[Any]":
    """Lessons or occurrences of classes that stand and start in the window, beside their live class."""
    return (
        select(held.c.id, held.c.starts_at)
        .outerjoin(meetings, meetings.c.booking_id == held.c.id)
        .where(stands, held.c.starts_at >= _OPENS, held.c.starts_at < _CLOSES)
    )


_HELD: Final = (
    (bookings, bookings.c.status == "confirmed"),
    (class_occurrences, class_occurrences.c.occupies),
)
_MISSING: Final = Statement(
    union_all(
        *(
            walled(_soon(held, stands).where(or_(meetings.c.id.is_(None), meetings.c.status == Status.PLANNED.value)))
            for held, stands in _HELD
        )
    )
    .order_by("starts_at")
    .limit(bindparam("most", type_=Integer))
)
_MOVED: Final = Statement(
    union_all(
        *(
            walled(
                _soon(held, stands).where(
                    meetings.c.status == Status.READY.value, meetings.c.starts_at != held.c.starts_at
                )
            )
            for held, stands in _HELD
        )
    )
    .order_by("starts_at")
    .limit(bindparam("most", type_=Integer))
)
_BY_REFERENCE: Final = Statement(
    select(meetings.c.booking_id, meetings.c.academy_id).where(
        meetings.c.reference == bindparam("told", type_=Text),
        meetings.c.reference != "",
        meetings.c.provider == bindparam("by", type_=Text),
    ),
    everywhere="a provider's message names the room, and no academy",
)
_CHOICE: Final = Statement(select(choices.c.provider).where(choices.c.qari_id == bindparam("qari", type_=Uuid)))
_CHOICES: Final = Statement(select(choices.c.qari_id, choices.c.provider))
_CHOOSE: Final = Statement(_upsert(choices, choices.c.qari_id, "provider"))
_FORGET_CHOICE: Final = Statement(delete(choices).where(choices.c.qari_id == bindparam("qari", type_=Uuid)))
_LEAVE: Final = Statement(_insert(strays))
_STRAYS: Final = Statement(
    select(*own_columns(strays)).order_by(strays.c.noted_at).limit(bindparam("most", type_=Integer))
)
_SETTLE: Final = Statement(delete(strays).where(strays.c.id == bindparam("wanted", type_=Uuid)))
_SAW: Final = Statement(_insert(sightings).on_conflict_do_nothing().returning(sightings.c.key))
_SIGHTINGS: Final = Statement(
    select(*own_columns(sightings))
    .where(sightings.c.booking_id == bindparam("lesson", type_=Uuid))
    .order_by(sightings.c.at)
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
        "host_id": meeting.host_id,
        "starts_at": meeting.slot.start if meeting.slot is not None else None,
        "ends_at": meeting.slot.end if meeting.slot is not None else None,
        "claimed_until": meeting.claimed_until,
        "attempts": meeting.attempts,
        "reference": meeting.reference,
    }


class SqlMeetings:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    @staticmethod
    def ask(booking_id: BookingId) -> Ask:
        """What ``find`` does."""
        return _FIND.ask(lesson=booking_id)

    async def find(self, booking_id: BookingId) -> Meeting | None:
        row = await _FIND.row(self._connection, lesson=booking_id)
        if row is None:
            return None
        values = dict(row)
        start, end = values.pop("starts_at"), values.pop("ends_at")
        slot = TimeSlot(start, end) if start is not None and end is not None else None
        return Meeting(status=Status(values.pop("status")), slot=slot, **values)

    async def add(self, meeting: Meeting) -> bool:
        return await _ADD.value(self._connection, **_values(meeting)) is not None

    async def save(self, meeting: Meeting) -> None:
        values = _values(meeting)
        changes = {name: values[name] for name in CHANGING}
        if await _SAVE.run(self._connection, wanted=meeting.id, was=meeting.version - 1, **changes) != 1:
            raise StaleWrite(
                "the meeting of lesson {lesson} is not at version {version}",
                lesson=str(meeting.booking_id),
                version=meeting.version - 1,
            )

    async def missing(self, window: TimeSlot, limit: int) -> Sequence[BookingId]:
        rows = await _MISSING.all(self._connection, opens=window.start, closes=window.end, most=limit)
        return [row["id"] for row in rows]

    async def moved(self, window: TimeSlot, limit: int) -> Sequence[BookingId]:
        rows = await _MOVED.all(self._connection, opens=window.start, closes=window.end, most=limit)
        return [row["id"] for row in rows]

    async def by_reference(self, provider: str, reference: str) -> tuple[AcademyId, BookingId] | None:
        row = await _BY_REFERENCE.row(self._connection, by=provider, told=reference)
        return (row["academy_id"], row["booking_id"]) if row is not None else None

    async def choice(self, qari_id: UserId) -> Service | None:
        found = await _CHOICE.value(self._connection, qari=qari_id)
        return Service(found) if found is not None else None

    async def choices(self) -> Mapping[UserId, Service]:
        return {row["qari_id"]: Service(row["provider"]) for row in await _CHOICES.all(self._connection)}

    async def choose(self, qari_id: UserId, service: Service | None) -> None:
        if service is None:
            await _FORGET_CHOICE.run(self._connection, qari=qari_id)
        else:
            await _CHOOSE.run(self._connection, qari_id=qari_id, provider=service.value)

    async def leave(self, stray: Stray) -> None:
        values = msgspec.structs.asdict(stray)
        slot = values.pop("slot")
        await _LEAVE.run(self._connection, starts_at=slot.start, ends_at=slot.end, **values)

    async def strays(self, limit: int) -> Sequence[Stray]:
        rows = [dict(row) for row in await _STRAYS.all(self._connection, most=limit)]
        return [Stray(slot=TimeSlot(row.pop("starts_at"), row.pop("ends_at")), **row) for row in rows]

    async def settle(self, stray: Stray) -> None:
        await _SETTLE.run(self._connection, wanted=stray.id)

    async def saw(self, sighting: Sighting) -> bool:
        return await _SAW.value(self._connection, **msgspec.structs.asdict(sighting)) is not None

    async def sightings(self, booking_id: BookingId) -> Sequence[Sighting]:
        return [Sighting(**dict(row)) for row in await _SIGHTINGS.all(self._connection, lesson=booking_id)]

    async def record_click(self, click: Click) -> None:
        await _CLICK.run(self._connection, booking_id=click.booking_id, user_id=click.user_id, at=click.at)

    async def clicks(self, booking_id: BookingId) -> Sequence[Click]:
        return [Click(**dict(row)) for row in await _CLICKS.all(self._connection, lesson=booking_id)]
