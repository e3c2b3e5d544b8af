"""Group classes on PostgreSQL. (LIVE-13)"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import ARRAY, DateTime, Integer, Table, Uuid, any_, bindparam, delete, or_, select, update
from sqlalchemy.dialects.postgresql import Insert, insert

from adapters.persistence.line import Ask
from adapters.persistence.metadata import own_columns
from adapters.persistence.scheduling.class_tables import (
    CLASS_ALONE,
    LEARNERS_ALONE,
    class_attendance,
    class_members,
    class_occurrences,
    group_classes,
)
from adapters.persistence.statement import Statement
from domain.booking.errors import LearnerBusy, SlotTaken
from domain.errors import Conflict, NotFound, StaleWrite
from domain.ids import BookingId, GroupClassId, OccurrenceId, UserId
from domain.scheduling.group_class import (
    Attendance,
    GroupClass,
    Mark,
    Member,
    Occurrence,
    OccurrenceStatus,
    Status,
)
from domain.scheduling.subject import Subject
from domain.time import TimeSlot

_INSTANT: Final = DateTime(timezone=True)
_CLASS: Final = bindparam("wanted", type_=Uuid)
_MOST: Final = bindparam("most", type_=Integer)


def _insert(table: Table) -> Insert:
    return insert(table).values({column.name: bindparam(column.name, type_=column.type) for column in table.c})


_ADD: Final = Statement(_insert(group_classes).on_conflict_do_nothing().returning(group_classes.c.id))
_GET: Final = Statement(select(*own_columns(group_classes)).where(group_classes.c.id == _CLASS))
_SAVE: Final = Statement(
    update(group_classes)
    .where(group_classes.c.id == _CLASS, group_classes.c.version == bindparam("was", type_=Integer))
    .values({name: bindparam(name, type_=group_classes.c[name].type) for name in ("status", "reason", "version")})
)
_OF_QARI: Final = Statement(
    select(*own_columns(group_classes))
    .where(group_classes.c.qari_id == bindparam("qari", type_=Uuid))
    .order_by(group_classes.c.id.desc())
)
_OF_LEARNERS: Final = Statement(
    select(*own_columns(group_classes))
    .where(
        group_classes.c.id.in_(
            select(class_members.c.class_id).where(
                class_members.c.learner_id == any_(bindparam("learners", type_=ARRAY(Uuid)))
            )
        )
    )
    .order_by(group_classes.c.id.desc())
)
_NEWEST: Final = Statement(select(*own_columns(group_classes)).order_by(group_classes.c.id.desc()).limit(_MOST))
_begun: Final = select(class_occurrences.c.id).where(
    class_occurrences.c.class_id == group_classes.c.id,
    class_occurrences.c.occupies,
    class_occurrences.c.starts_at <= bindparam("now", type_=_INSTANT),
)
_left: Final = select(class_occurrences.c.id).where(
    class_occurrences.c.class_id == group_classes.c.id,
    class_occurrences.c.occupies,
    class_occurrences.c.ends_at > bindparam("now", type_=_INSTANT),
)
_TO_ADVANCE: Final = Statement(
    select(group_classes.c.id)
    .where(
        group_classes.c.status.in_(("open", "running")),
        or_((group_classes.c.status == Status.OPEN.value) & _begun.exists(), ~_left.exists()),
    )
    .order_by(group_classes.c.id)
    .limit(_MOST)
)
_PLAN: Final = Statement(_insert(class_occurrences))
_OCCURRENCES: Final = Statement(
    select(*own_columns(class_occurrences))
    .where(class_occurrences.c.class_id == _CLASS)
    .order_by(class_occurrences.c.starts_at)
)
_OCCURRENCE: Final = Statement(select(*own_columns(class_occurrences)).where(class_occurrences.c.id == _CLASS))
_FIXED: Final = frozenset(("id", "class_id", "qari_id", "index"))
_CHANGING: Final = tuple(column.name for column in own_columns(class_occurrences) if column.name not in _FIXED)
_SAVE_OCCURRENCE: Final = Statement(
    update(class_occurrences)
    .where(class_occurrences.c.id == _CLASS, class_occurrences.c.version == bindparam("was", type_=Integer))
    .values({name: bindparam(name, type_=class_occurrences.c[name].type) for name in _CHANGING})
)
_STARTING: Final = Statement(
    select(*own_columns(class_occurrences))
    .where(
        class_occurrences.c.occupies,
        class_occurrences.c.starts_at >= bindparam("opens", type_=_INSTANT),
        class_occurrences.c.starts_at < bindparam("closes", type_=_INSTANT),
    )
    .order_by(class_occurrences.c.starts_at, class_occurrences.c.id)
)
_OF_LEARNER: Final = Statement(
    select(*own_columns(class_occurrences))
    .where(
        class_occurrences.c.class_id.in_(
            select(class_members.c.class_id).where(class_members.c.learner_id == bindparam("learner", type_=Uuid))
        ),
        class_occurrences.c.occupies,
        class_occurrences.c.starts_at < bindparam("closes", type_=_INSTANT),
        class_occurrences.c.ends_at > bindparam("opens", type_=_INSTANT),
    )
    .order_by(class_occurrences.c.starts_at)
)
_MEMBERS: Final = Statement(
    select(*own_columns(class_members))
    .where(class_members.c.class_id == _CLASS)
    .order_by(class_members.c.added_at, class_members.c.learner_id)
)
_JOIN: Final = Statement(_insert(class_members).on_conflict_do_nothing().returning(class_members.c.learner_id))
_LEAVE: Final = Statement(
    delete(class_members).where(
        class_members.c.class_id == _CLASS, class_members.c.learner_id == bindparam("learner", type_=Uuid)
    )
)
_marking: Final = _insert(class_attendance)
_MARK: Final = Statement(
    _marking.on_conflict_do_update(
        index_elements=[class_attendance.c.occurrence_id, class_attendance.c.learner_id],
        set_={name: _marking.excluded[name] for name in ("attendance", "marked_by", "at")},
    )
)
_MARKS: Final = Statement(
    select(*own_columns(class_attendance))
    .where(class_attendance.c.occurrence_id == _CLASS)
    .order_by(class_attendance.c.at)
)


def _class_of(row: "asyncpg.Record") -> GroupClass:
    values = dict(row)
    return GroupClass(
        status=Status(values.pop("status")),
        subject=Subject(values.pop("subject")),
        weekdays=tuple(values.pop("weekdays")),
        **values,
    )


def _occurrence_row(occurrence: Occurrence) -> dict[str, Any]:
    values = msgspec.structs.asdict(occurrence)
    slot, busy = values.pop("slot"), occurrence.qari_busy
    return values | {
        "status": occurrence.status.value,
        "starts_at": slot.start,
        "ends_at": slot.end,
        "busy_from": busy.start,
        "busy_until": busy.end,
        "occupies": occurrence.stands,
    }


def _occurrence_of(row: "asyncpg.Record") -> Occurrence:
    values = dict(row)
    for name in ("busy_from", "busy_until", "occupies"):
        del values[name]
    slot = TimeSlot(values.pop("starts_at"), values.pop("ends_at"))
    return Occurrence(slot=slot, status=OccurrenceStatus(values.pop("status")), **values)


@asynccontextmanager
async def _refusals() -> AsyncIterator[None]:
    try:
        yield
    except asyncpg.ExclusionViolationError as error:
        if error.constraint_name == CLASS_ALONE:
            raise SlotTaken("The Qari has a lesson or another class at one of these times.") from error
        if error.constraint_name == LEARNERS_ALONE:
            raise LearnerBusy("There is another lesson at that time.", learner_id=str(error.detail)) from error
        raise Conflict("refused by {constraint}", constraint=str(error.constraint_name)) from error
    except asyncpg.DeadlockDetectedError as error:
        raise StaleWrite("two changes of the same lessons met; try again") from error


class SqlGroupClasses:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    @staticmethod
    def asks(learner_id: UserId, slot: TimeSlot) -> list[Ask]:
        """What ``busy_of_learner`` does."""
        return [_OF_LEARNER.ask(learner=learner_id, opens=slot.start, closes=slot.end)]

    async def add(self, group_class: GroupClass) -> bool:
        values = msgspec.structs.asdict(group_class)
        values |= {
            "status": group_class.status.value,
            "subject": group_class.subject.value,
            "weekdays": list(group_class.weekdays),
        }
        return await _ADD.value(self._connection, **values) is not None

    async def get(self, class_id: GroupClassId) -> GroupClass:
        row = await _GET.row(self._connection, wanted=class_id)
        if row is None:
            raise NotFound("there is no such class")
        return _class_of(row)

    async def save(self, group_class: GroupClass) -> None:
        changes = {
            "status": group_class.status.value,
            "reason": group_class.reason,
            "version": group_class.version,
        }
        saved = await _SAVE.run(self._connection, wanted=group_class.id, was=group_class.version - 1, **changes)
        if saved != 1:
            raise StaleWrite("class {id} is not at that version", id=str(group_class.id))

    async def of_qari(self, qari_id: UserId) -> Sequence[GroupClass]:
        return [_class_of(row) for row in await _OF_QARI.all(self._connection, qari=qari_id)]

    async def of_learners(self, learner_ids: Sequence[UserId]) -> Sequence[GroupClass]:
        rows = await _OF_LEARNERS.all(self._connection, learners=list(learner_ids))
        return [_class_of(row) for row in rows]

    async def newest(self, limit: int) -> Sequence[GroupClass]:
        return [_class_of(row) for row in await _NEWEST.all(self._connection, most=limit)]

    async def to_advance(self, now: datetime, limit: int) -> Sequence[GroupClassId]:
        return [row["id"] for row in await _TO_ADVANCE.all(self._connection, now=now, most=limit)]

    async def plan(self, occurrences: Sequence[Occurrence]) -> None:
        async with _refusals():
            for occurrence in occurrences:
                await _PLAN.run(self._connection, **_occurrence_row(occurrence))

    async def occurrences(self, class_id: GroupClassId) -> Sequence[Occurrence]:
        return [_occurrence_of(row) for row in await _OCCURRENCES.all(self._connection, wanted=class_id)]

    async def occurrence(self, lesson_id: BookingId | OccurrenceId) -> Occurrence | None:
        row = await _OCCURRENCE.row(self._connection, wanted=lesson_id)
        return _occurrence_of(row) if row is not None else None

    async def save_occurrence(self, occurrence: Occurrence) -> None:
        values = _occurrence_row(occurrence)
        changes = {name: values[name] for name in _CHANGING}
        async with _refusals():
            saved = await _SAVE_OCCURRENCE.run(
                self._connection, wanted=occurrence.id, was=occurrence.version - 1, **changes
            )
        if saved != 1:
            raise StaleWrite("class {id} is not at that version", id=str(occurrence.id))

    async def starting(self, window: TimeSlot) -> Sequence[Occurrence]:
        rows = await _STARTING.all(self._connection, opens=window.start, closes=window.end)
        return [_occurrence_of(row) for row in rows]

    async def busy_of_learner(self, learner_id: UserId, window: TimeSlot) -> Sequence[Occurrence]:
        rows = await _OF_LEARNER.all(self._connection, learner=learner_id, opens=window.start, closes=window.end)
        return [_occurrence_of(row) for row in rows]

    async def members(self, class_id: GroupClassId) -> Sequence[Member]:
        return [Member(**dict(row)) for row in await _MEMBERS.all(self._connection, wanted=class_id)]

    async def join(self, member: Member) -> bool:
        async with _refusals():
            return await _JOIN.value(self._connection, **msgspec.structs.asdict(member)) is not None

    async def leave(self, class_id: GroupClassId, learner_id: UserId) -> bool:
        return await _LEAVE.run(self._connection, wanted=class_id, learner=learner_id) == 1

    async def mark(self, mark: Mark) -> None:
        values = msgspec.structs.asdict(mark) | {"attendance": mark.attendance.value}
        await _MARK.run(self._connection, **values)

    async def marks(self, occurrence_id: OccurrenceId) -> Sequence[Mark]:
        rows = await _MARKS.all(self._connection, wanted=occurrence_id)
        return [Mark(**(dict(row) | {"attendance": Attendance(row["attendance"])})) for row in rows]
