"""What keeps a Qari busy: lessons, classes, and what he has in other calendars. (DISC-06)"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy import (
    ARRAY,
    CTE,
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
    false,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    type_coerce,
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
_WITHOUT: Final = any_(bindparam("without", type_=ARRAY(Uuid)))


def _buffer(minutes: ColumnElement[int]) -> ColumnElement[timedelta]:
    """With a minute more: times are rounded to whole minutes before they are compared."""
    return type_coerce((minutes + literal_column("1")) * literal_column("interval '1 minute'"), Interval)


def _reach(since: ColumnElement[timedelta], until: ColumnElement[timedelta]) -> CTE:
    """One row: the times in which lessons count. The calendar is looked up once: ``since`` before and ``until`` after
    the window for a Qari without caps, else "far" on both sides. ``starts``: so early a lesson may begin.
    """
    uncapped = and_(calendars.c.daily_cap.is_(None), calendars.c.weekly_cap.is_(None))
    opens, closes = bindparam("opens", type_=_INSTANT), bindparam("closes", type_=_INSTANT)
    near, far = bindparam("near", type_=Interval), bindparam("far", type_=Interval)
    found = select(
        (opens - case((uncapped, near), else_=far)).label("starts"),
        (opens - case((uncapped, since), else_=far)).label("since"),
        (closes + case((uncapped, until), else_=far)).label("until"),
    )
    return found.where(calendars.c.qari_id == _QARI).cte("reach")


def _taken_by(table: Table, reach: CTE) -> Any:
    """Lessons and classes are told in the same words."""
    found = walled(select(table.c.busy_from, table.c.busy_until, table.c.starts_at, false().label("blind")))
    return found.where(
        table.c.qari_id == _QARI,
        table.c.occupies,
        table.c.starts_at >= reach.c.starts,
        table.c.starts_at < reach.c.until + bindparam("near", type_=Interval),
        table.c.busy_until > reach.c.since,
        table.c.busy_from < reach.c.until,
        not_(table.c.id == _WITHOUT),
    )


def _elsewhere(reach: CTE) -> Any:
    return select(
        external_busy.c.starts_at.label("busy_from"),
        external_busy.c.ends_at.label("busy_until"),
        cast(null(), _INSTANT).label("starts_at"),
        external_busy.c.blind,
    ).where(
        external_busy.c.qari_id == _QARI,
        external_busy.c.ends_at > reach.c.since,
        external_busy.c.starts_at < reach.c.until,
        or_(not_(external_busy.c.blind), external_busy.c.starts_at <= func.now()),
    )


def _all(reach: CTE) -> Statement:
    parts = (_taken_by(bookings, reach), _taken_by(class_occurrences, reach), _elsewhere(reach))
    return Statement(union_all(*parts).order_by("busy_from"))


_NEAR: Final = bindparam("near", type_=Interval)
WITHIN: Final = _all(_reach(_NEAR, _NEAR))
"""For lessons that start in the window."""
AROUND: Final = _all(_reach(_buffer(calendars.c.buffer_before_min), _buffer(calendars.c.buffer_after_min)))
"""For the one lesson that lies in the window, with the Qari's buffers around it."""


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
