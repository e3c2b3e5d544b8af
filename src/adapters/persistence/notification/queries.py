"""What messages and calendar feeds need to know of people and lessons, in one read each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import (
    DateTime,
    Integer,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.booking.tables import bookings
from adapters.persistence.identity.guardian_tables import guardianships
from adapters.persistence.identity.tables import user_roles, users
from adapters.persistence.notification.tables import deliveries, steps
from adapters.persistence.scheduling.class_tables import class_occurrences
from adapters.persistence.statement import Statement, driver
from domain.identity.permission import Role
from domain.ids import BookingId, PaymentId, SeriesId, UserId
from domain.money import Money
from domain.notification.delivery import Channel
from domain.notification.sequence import STEPS
from domain.time import TimeSlot
from ports.notification.queries import Beginner, DeliveryRow, Lesson, NoteRow, Person, StepRow
from ports.paging import Page, decode_cursor, page_of

_INSTANT: Final = DateTime(timezone=True)
_learner, _qari = users.alias("learner"), users.alias("qari")
_PARTS: Final = ("id", "name", "email", "zone", "locale")
_LESSON: Final = (
    select(
        bookings.c.id,
        bookings.c.starts_at,
        bookings.c.ends_at,
        bookings.c.status,
        bookings.c.sequence,
        bookings.c.price_minor,
        bookings.c.currency,
        bookings.c.payer_id,
        bookings.c.created_at,
        *(_learner.c[part].label(f"learner_{part}") for part in _PARTS),
        *(_qari.c[part].label(f"qari_{part}") for part in _PARTS),
    )
    .join(_learner, _learner.c.id == bookings.c.learner_id)
    .join(_qari, _qari.c.id == bookings.c.qari_id)
    .order_by(bookings.c.starts_at, bookings.c.id)
)
_STANDS: Final = bookings.c.status == "confirmed"
_HAPPENED: Final = bookings.c.status == any_(
    literal(["confirmed", "completed", "no_show_student", "no_show_teacher"], ARRAY(Text))
)
_READER: Final = bindparam("reader", type_=Uuid)

_PERSON: Final = Statement(
    select(*(users.c[part] for part in _PARTS)).where(users.c.id == bindparam("wanted", type_=Uuid))
)
_LESSONS: Final = Statement(_LESSON.where(bookings.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))))
_CLASS_TIME: Final = Statement(
    select(class_occurrences.c.starts_at).where(
        class_occurrences.c.id == bindparam("wanted", type_=Uuid), class_occurrences.c.occupies
    )
)
_SERIES: Final = Statement(
    _LESSON.where(
        bookings.c.series_id == bindparam("series", type_=Uuid),
        bookings.c.payment_id.is_not_distinct_from(bindparam("payment", type_=Uuid)),
        _STANDS,
    )
)
_STARTING: Final = Statement(
    _LESSON.where(
        _STANDS,
        bookings.c.starts_at >= bindparam("opens", type_=_INSTANT),
        bookings.c.starts_at < bindparam("closes", type_=_INSTANT),
    ).limit(bindparam("most", type_=Integer))
)
# Having paid is not enough to look on: a guardian whose rights have ended sees nothing any more.
_CHILDREN: Final = func.array(
    select(guardianships.c.child_id)
    .where(
        guardianships.c.guardian_id == _READER,
        guardianships.c.status == "active",
        literal("see", Text) == any_(guardianships.c.rights),
    )
    .scalar_subquery()
)
# A lesson that is given up counts a change of the calendar only if it was confirmed before.
_CALENDAR: Final = Statement(
    _LESSON.where(
        or_(bookings.c.learner_id == _READER, bookings.c.learner_id == any_(_CHILDREN), bookings.c.qari_id == _READER),
        bookings.c.ends_at > bindparam("since", type_=_INSTANT),
        or_(
            _HAPPENED,
            and_(or_(bookings.c.status == "cancelled", bookings.c.status == "refunded"), bookings.c.sequence > 0),
        ),
    )
)
_STATUS: Final = bindparam("state", type_=Text)
_BEFORE: Final = bindparam("before", type_=_INSTANT)
_DELIVERIES: Final = Statement(
    select(*(deliveries.c[name] for name in DeliveryRow.__struct_fields__))
    .where(
        or_(_STATUS == "", deliveries.c.status == _STATUS),
        or_(
            _BEFORE.is_(None),
            tuple_(deliveries.c.created_at, deliveries.c.id) < tuple_(_BEFORE, bindparam("before_id", type_=Uuid)),
        ),
    )
    .order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)

_IN_APP: Final = deliveries.c.channel == literal_column(f"'{Channel.IN_APP.value}'")
"""Written out: with a parameter there PostgreSQL would not know the index, and would plan every time."""
_NOTES: Final = Statement(
    select(*(deliveries.c[name] for name in NoteRow.__struct_fields__))
    .where(
        deliveries.c.recipient_id == _READER,
        _IN_APP,
        or_(
            _BEFORE.is_(None),
            tuple_(deliveries.c.created_at, deliveries.c.id) < tuple_(_BEFORE, bindparam("before_id", type_=Uuid)),
        ),
    )
    .order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)
_UNREAD: Final = Statement(
    select(func.count())
    .select_from(deliveries)
    .where(
        deliveries.c.recipient_id == _READER,
        _IN_APP,
        deliveries.c.read_at.is_(None),
    )
)
_AFTER: Final = bindparam("after", type_=Uuid)
_LEARNED: Final = exists(literal(1)).where(bookings.c.learner_id == users.c.id, _HAPPENED)
_PAID: Final = exists(literal(1)).where(bookings.c.payer_id == users.c.id, _HAPPENED)
_TAUGHT: Final = exists(literal(1)).where(bookings.c.qari_id == users.c.id, _HAPPENED)
_DONE: Final = func.array(select(steps.c.step).where(steps.c.user_id == users.c.id).correlate(users).scalar_subquery())
_BEGINNERS: Final = Statement(
    select(users.c.id, users.c.email_verified_at, func.min(user_roles.c.role).label("role"), _DONE.label("done"))
    .join(user_roles, user_roles.c.user_id == users.c.id)
    .where(
        users.c.email_verified_at >= bindparam("since", type_=_INSTANT),
        users.c.email_verified_at <= bindparam("until", type_=_INSTANT),
        users.c.status == "active",
        user_roles.c.role == any_(literal([role.value for role in STEPS], ARRAY(Text))),
        or_(_AFTER.is_(None), users.c.id > _AFTER),
        not_(_LEARNED),
        not_(_PAID),
        not_(_TAUGHT),
    )
    .group_by(users.c.id)
    .order_by(users.c.id)
    .limit(bindparam("most", type_=Integer))
)
_letters = deliveries.alias("letters")
_STEPS: Final = Statement(
    select(steps.c.step, steps.c.at, func.coalesce(_letters.c.status, "").label("status"))
    .outerjoin(
        _letters, _letters.c.key == func.concat("step:", steps.c.step, ":first_steps:", steps.c.user_id, ":email")
    )
    .where(steps.c.user_id == _READER)
    .order_by(steps.c.at)
)


class SqlNotificationQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def person(self, user_id: UserId) -> Person | None:
        async with driver(self._engine) as connection:
            row = await _PERSON.row(connection, wanted=user_id)
        return _person(row, "") if row is not None else None

    async def lesson(self, booking_id: BookingId) -> Lesson | None:
        return next(iter(await self.lessons([booking_id])), None)

    async def lessons(self, booking_ids: Sequence[BookingId]) -> Sequence[Lesson]:
        return await self._read(_LESSONS, ids=list(booking_ids))

    async def class_time(self, lesson_id: BookingId) -> datetime | None:
        async with driver(self._engine) as connection:
            starts_at: datetime | None = await _CLASS_TIME.value(connection, wanted=lesson_id)
        return starts_at

    async def confirmed_of_series(self, series_id: SeriesId, payment_id: PaymentId | None) -> Sequence[Lesson]:
        return await self._read(_SERIES, series=series_id, payment=payment_id)

    async def starting(self, window: TimeSlot, limit: int = 1000) -> Sequence[Lesson]:
        return await self._read(_STARTING, opens=window.start, closes=window.end, most=limit)

    async def calendar_of(self, user_id: UserId, *, since: datetime) -> Sequence[Lesson]:
        return await self._read(_CALENDAR, reader=user_id, since=since)

    async def notes(self, user_id: UserId, *, cursor: str | None = None, limit: int = 30) -> Page[NoteRow]:
        before = decode_cursor(cursor, tuple[datetime, UUID])
        async with driver(self._engine) as connection:
            rows = await _NOTES.all(
                connection,
                reader=user_id,
                before=before[0] if before else None,
                before_id=before[1] if before else None,
                most=limit + 1,
            )
        return page_of([NoteRow(**dict(row)) for row in rows], limit, "created_at", "id")

    async def unread_notes(self, user_id: UserId) -> int:
        async with driver(self._engine) as connection:
            return int(await _UNREAD.value(connection, reader=user_id))

    async def beginners(
        self, since: datetime, until: datetime, *, after: UserId | None, limit: int
    ) -> Sequence[Beginner]:
        async with driver(self._engine) as connection:
            rows = await _BEGINNERS.all(connection, since=since, until=until, after=after, most=limit)
        return [
            Beginner(
                user_id=UserId(row["id"]),
                role=Role(row["role"]),
                since=row["email_verified_at"],
                done=tuple(row["done"]),
            )
            for row in rows
        ]

    async def steps_of(self, user_id: UserId) -> Sequence[StepRow]:
        async with driver(self._engine) as connection:
            return [StepRow(**dict(row)) for row in await _STEPS.all(connection, reader=user_id)]

    async def deliveries(self, *, status: str = "", cursor: str | None = None, limit: int = 50) -> Page[DeliveryRow]:
        before = decode_cursor(cursor, tuple[datetime, UUID])
        async with driver(self._engine) as connection:
            rows = await _DELIVERIES.all(
                connection,
                state=status,
                before=before[0] if before else None,
                before_id=before[1] if before else None,
                most=limit + 1,
            )
        return page_of([DeliveryRow(**dict(row)) for row in rows], limit, "created_at", "id")

    async def _read(self, statement: Statement, **values: Any) -> Sequence[Lesson]:
        async with driver(self._engine) as connection:
            return [_lesson(row) for row in await statement.all(connection, **values)]


def _person(row: "asyncpg.Record", prefix: str) -> Person:
    return Person(
        user_id=row[f"{prefix}id"],
        name=row[f"{prefix}name"],
        email=row[f"{prefix}email"] or "",
        zone=row[f"{prefix}zone"],
        locale=row[f"{prefix}locale"],
    )


def _lesson(row: "asyncpg.Record") -> Lesson:
    return Lesson(
        booking_id=row["id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        status=row["status"],
        sequence=row["sequence"],
        price=Money(row["price_minor"], row["currency"]),
        learner=_person(row, "learner_"),
        qari=_person(row, "qari_"),
        payer_id=row["payer_id"],
        created_at=row["created_at"],
    )
