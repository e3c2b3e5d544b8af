"""What keeps a Qari busy: lessons, classes, and what he has in other calendars. (DISC-06)"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    ColumnElement,
    Interval,
    Table,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)

from adapters.persistence.booking.tables import bookings
from adapters.persistence.scheduling.class_tables import class_occurrences
from adapters.persistence.scheduling.connection_tables import external_busy
from adapters.persistence.scheduling.tables import calendars
from adapters.persistence.statement import Statement, walled
from domain.ids import BookingId, UserId
from domain.scheduling.slots import Busy
from domain.scheduling.wall_clock import ceil_minute, floor_minute
from domain.time import TimeSlot

CAPS_REACH: Final = timedelta(days=8)
"""Caps count whole local weeks; the lessons of such a week lie within this of any moment in it."""
REACH: Final = timedelta(hours=12)
"""Of a Qari without caps only what lies beside the window counts: no lesson, with the buffers of two, is longer."""
_QARI: Final = bindparam("qari_id", type_=Uuid)
_INSTANT: Final = TIMESTAMP(timezone=True)
_MINUTE: Final = literal(timedelta(minutes=1), Interval)
"""Times are rounded to whole minutes before they are compared."""


def _reach(near: ColumnElement[timedelta]) -> Any:
    """How far around a window lessons count: "near" for a Qari without caps."""
    uncapped = and_(calendars.c.daily_cap.is_(None), calendars.c.weekly_cap.is_(None))
    found = select(case((uncapped, near), else_=bindparam("far", type_=Interval)))
    return found.where(calendars.c.qari_id == _QARI).scalar_subquery()


def _buffer(minutes: ColumnElement[int]) -> ColumnElement[timedelta]:
    return func.make_interval(0, 0, 0, 0, 0, minutes, type_=Interval)


_OPENS: Final = bindparam("opens", type_=_INSTANT)
_CLOSES: Final = bindparam("closes", type_=_INSTANT)
_NEAR: Final = _reach(bindparam("near", type_=Interval))
_SINCE: Final = _OPENS - _NEAR
_UNTIL: Final = _CLOSES + _NEAR


def _taken_by(table: Table) -> Any:
    """Lessons and classes are told in the same words."""
    found = walled(select(table.c.busy_from, table.c.busy_until, table.c.starts_at, literal(False).label("blind")))
    return found.where(
        table.c.qari_id == _QARI,
        table.c.occupies,
        table.c.starts_at >= _SINCE,
        table.c.starts_at < _UNTIL,
        not_(table.c.id == any_(bindparam("without", type_=ARRAY(Uuid)))),
    )


_LESSONS = _taken_by(bookings)
_CLASSES = _taken_by(class_occurrences)
_ELSEWHERE = select(
    external_busy.c.starts_at.label("busy_from"),
    external_busy.c.ends_at.label("busy_until"),
    cast(null(), _INSTANT).label("starts_at"),
    external_busy.c.blind,
).where(
    external_busy.c.qari_id == _QARI,
    external_busy.c.ends_at > _SINCE,
    external_busy.c.starts_at < _UNTIL,
    or_(not_(external_busy.c.blind), external_busy.c.starts_at <= func.now()),
)
WITHIN: Final = Statement(union_all(_LESSONS, _CLASSES, _ELSEWHERE).order_by("busy_from"))


def _beside(table: Table) -> Any:
    """What a lesson in the window itself meets, with the Qari's buffers around it."""
    return _taken_by(table).where(
        table.c.busy_until > _OPENS - _reach(_buffer(calendars.c.buffer_before_min)) - _MINUTE,
        table.c.busy_from < _CLOSES + _reach(_buffer(calendars.c.buffer_after_min)) + _MINUTE,
    )


AROUND: Final = Statement(union_all(_beside(bookings), _beside(class_occurrences), _ELSEWHERE).order_by("busy_from"))


def values(qari_id: UserId, window: TimeSlot, without: Sequence[BookingId]) -> dict[str, Any]:
    reach = {"near": REACH, "far": CAPS_REACH, "opens": window.start, "closes": window.end}
    return {"qari_id": qari_id, "without": list(without)} | reach


def busy_of(row: "asyncpg.Record") -> Busy:
    lesson = row["starts_at"]
    return Busy(
        floor_minute(row["busy_from"]),
        ceil_minute(row["busy_until"]),
        None if lesson is None else floor_minute(lesson),
        row["blind"],
    )
