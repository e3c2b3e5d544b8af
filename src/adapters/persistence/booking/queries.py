"""Lists of lessons, straight into views."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.booking.tables import INSTANT, bookings, proposals
from adapters.persistence.identity.tables import users
from adapters.persistence.statement import Statement, driver, walled
from domain.booking.booking import WAITING, Kind, Status
from domain.booking.series import Scope
from domain.identity.actor import Party
from domain.ids import BookingId, SeriesId, UserId
from domain.money import Money
from domain.scheduling.qari import MAX_LESSON_MIN
from domain.time import TimeSlot
from ports.booking.queries import BookingFilter, LessonView, ProposalView, Side, Tense
from ports.paging import Page, decode_cursor, page_of

_PLAIN: Final = (
    "id", "starts_at", "ends_at", "payer_id", "created_at", "hold_expires_at", "series_id", "series_index",
    "payment_id", "moves", "note", "reason", "policy_version",
)  # fmt: skip
_learner, _qari = users.alias("learner"), users.alias("qari")
_COLUMNS: Final = (
    *_PLAIN, "status", "kind", "price_minor", "currency", "learner_id", "qari_id",
)  # fmt: skip
_start: Final = tuple_(bookings.c.starts_at, bookings.c.id)


def _seen(lessons: FromClause, among: FromClause | None = None) -> Select[Any]:
    """Lessons with the names of their two sides. ``among``: where they come from."""
    columns = [lessons.c[name] for name in _COLUMNS]
    sides = [side.c[name].label(f"{word}_{name}") for word, side in _SIDES.items() for name in ("name", "zone")]
    return (
        select(*columns, *sides)
        .select_from(lessons if among is None else among)
        .join(_learner, _learner.c.id == lessons.c.learner_id)
        .join(_qari, _qari.c.id == lessons.c.qari_id)
    )


_SIDES: Final = {"learner": _learner, "qari": _qari}
_VIEW: Final = _seen(bookings)
_NOW: Final = bindparam("now", type_=INSTANT)
_EARLIEST: Final = bindparam("earliest", type_=INSTANT)
"""What starts before has ended by the time asked about: no lesson is longer. It bounds the index from below."""
_LONGEST: Final = timedelta(minutes=MAX_LESSON_MIN)
_MOST: Final = bindparam("most", type_=Integer)
_EDGE: Final = bindparam("edge", type_=INSTANT)
_EDGE_ID: Final = bindparam("edge_id", type_=Uuid)
_ALIVE: Final = sorted(WAITING | {Status.CONFIRMED})
_STANDS: Final = and_(
    bookings.c.status.in_([literal_column(f"'{each.value}'") for each in _ALIVE]), bookings.c.ends_at > _NOW
)
_AHEAD: Final = and_(tuple_(_EDGE, _EDGE_ID) < _start, _STANDS)
_BEHIND: Final = and_(tuple_(_EDGE, _EDGE_ID) > _start, not_(_STANDS))


def _some(learner: ColumnElement[UUID], what: ColumnElement[bool], order: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """The first of what one learner has, along the index: those after them are not looked at."""
    columns = [bookings.c[name] for name in _COLUMNS]
    return walled(select(*columns).where(bookings.c.learner_id == learner, what).order_by(*order).limit(_MOST))


def _first_ones(what: ColumnElement[bool], *, descending: bool) -> tuple[Statement, Statement]:
    """Of one learner, and of several. With several as an array PostgreSQL would plan each time anew."""

    def order(found: FromClause) -> list[ColumnElement[Any]]:
        return [column.desc() if descending else column.asc() for column in (found.c.starts_at, found.c.id)]

    one = _some(bindparam("learner", type_=Uuid), what, order(bookings)).subquery("lessons")
    each = (
        func.unnest(bindparam("learners", type_=ARRAY(Uuid)))
        .table_valued(column("id", Uuid), name="each")
        .render_derived()
    )
    many = _some(each.c.id, what, order(bookings)).lateral("lessons")
    return (
        Statement(_seen(one).order_by(*order(one))),
        Statement(_seen(many, each.join(many, true())).order_by(*order(many)).limit(_MOST)),
    )


_UPCOMING: Final = _first_ones(_AHEAD, descending=False)
_PAST: Final = _first_ones(_BEHIND, descending=True)
_NOBODY: Final = UUID(int=0)
_THE_END: Final = datetime(9999, 1, 1, tzinfo=UTC)
_ONE: Final = Statement(_VIEW.where(bookings.c.id == bindparam("wanted", type_=Uuid)))
_open: Final = [
    proposals.c[name].label(f"proposal_{name}") for name in ("id", "by", "starts_at", "ends_at", "scope", "answer_by")
]
_WITH_PROPOSAL: Final = Statement(
    _VIEW.add_columns(*_open)
    .outerjoin(proposals, and_(proposals.c.booking_id == bookings.c.id, proposals.c.status == "open"))
    .where(bookings.c.id == bindparam("wanted", type_=Uuid))
)
_SERIES: Final = Statement(
    _VIEW.where(bookings.c.series_id == bindparam("wanted", type_=Uuid)).order_by(bookings.c.starts_at, bookings.c.id)
)
_PROPOSAL: Final = Statement(
    select(proposals).where(proposals.c.booking_id == bindparam("wanted", type_=Uuid), proposals.c.status == "open")
)
_OF_QARI: Final = bookings.c.qari_id == bindparam("qari", type_=Uuid)
_AGENDA: Final = Statement(
    _VIEW.where(
        _OF_QARI,
        bookings.c.starts_at > _EARLIEST,
        bookings.c.starts_at < bindparam("until", type_=INSTANT),
        bookings.c.ends_at > bindparam("since", type_=INSTANT),
        or_(bookings.c.occupies, bookings.c.status == Status.REQUESTED.value),
    ).order_by(bookings.c.starts_at, bookings.c.id)
)
_REQUESTS: Final = Statement(
    _VIEW.where(_OF_QARI, bookings.c.status == Status.REQUESTED.value).order_by(bookings.c.starts_at, bookings.c.id)
)
_ENDED_OPEN: Final = and_(bookings.c.status == Status.CONFIRMED.value, bookings.c.ends_at <= _NOW)
_MISSING: Final = Statement(
    _VIEW.where(_OF_QARI, _ENDED_OPEN).order_by(bookings.c.starts_at, bookings.c.id).limit(_MOST)
)
_TEXT: Final = bindparam("text", type_=Text)
_FROM: Final = bindparam("starts_from", type_=DateTime(timezone=True))
_UNTIL: Final = bindparam("starts_until", type_=DateTime(timezone=True))
_QARI_WANTED: Final = bindparam("qari_id", type_=Uuid)
_LEARNER_WANTED: Final = bindparam("learner_id", type_=Uuid)
_STATUSES: Final = bindparam("statuses", type_=ARRAY(Text))
_SEARCH: Final = Statement(
    _VIEW.where(
        or_(func.cardinality(_STATUSES) == 0, bookings.c.status == any_(_STATUSES)),
        or_(_QARI_WANTED.is_(None), bookings.c.qari_id == _QARI_WANTED),
        or_(_LEARNER_WANTED.is_(None), bookings.c.learner_id == _LEARNER_WANTED),
        or_(_TEXT.is_(None), _learner.c.name.ilike(_TEXT), _qari.c.name.ilike(_TEXT)),
        or_(_FROM.is_(None), bookings.c.starts_at >= _FROM),
        or_(_UNTIL.is_(None), bookings.c.starts_at < _UNTIL),
        or_(_NOW.is_(None), _ENDED_OPEN),
        or_(_EDGE.is_(None), tuple_(_EDGE, _EDGE_ID) > _start),
    )
    .order_by(bookings.c.starts_at.desc(), bookings.c.id.desc())
    .limit(_MOST)
)


def _view(row: "asyncpg.Record") -> LessonView:
    return LessonView(
        **{name: row[name] for name in _PLAIN},
        status=Status(row["status"]),
        kind=Kind(row["kind"]),
        price=Money(row["price_minor"], row["currency"]),
        learner=Side(id=row["learner_id"], name=row["learner_name"], zone=row["learner_zone"]),
        qari=Side(id=row["qari_id"], name=row["qari_name"], zone=row["qari_zone"]),
    )


def _proposal(row: "asyncpg.Record", prefix: str, booking_id: BookingId | None = None) -> ProposalView:
    return ProposalView(
        id=row[f"{prefix}id"],
        booking_id=booking_id or row["id"],
        by=Party(row[f"{prefix}by"]),
        starts_at=row[f"{prefix}starts_at"],
        ends_at=row[f"{prefix}ends_at"],
        scope=Scope(row[f"{prefix}scope"]),
        answer_by=row[f"{prefix}answer_by"],
    )


def _like(text: str) -> str | None:
    """A part of a name; what has a meaning in a pattern is taken as it stands."""
    wanted = text.strip()
    for special in ("\\", "%", "_"):
        wanted = wanted.replace(special, f"\\{special}")
    return f"%{wanted}%" if wanted else None


class SqlBookingQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def _all(self, statement: Statement, **values: Any) -> list[LessonView]:
        async with driver(self._engine) as connection:
            return [_view(row) for row in await statement.all(connection, **values)]

    async def lessons_of(
        self,
        learner_ids: Sequence[UserId],
        tense: Tense,
        *,
        now: datetime,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[LessonView]:
        edge = decode_cursor(cursor, tuple[datetime, UUID])
        if tense is Tense.UPCOMING:
            (of_one, of_many), edge = _UPCOMING, edge or (now - _LONGEST, _NOBODY)
        else:
            (of_one, of_many), edge = _PAST, edge or (_THE_END, _NOBODY)
        asked = {"now": now, "edge": edge[0], "edge_id": edge[1], "most": limit + 1}
        if len(learner_ids) == 1:
            rows = await self._all(of_one, learner=learner_ids[0], **asked)
        else:
            rows = await self._all(of_many, learners=list(learner_ids), **asked)
        return page_of(rows, limit, "starts_at", "id")

    async def lesson(self, booking_id: BookingId) -> LessonView | None:
        found = await self._all(_ONE, wanted=booking_id)
        return found[0] if found else None

    async def lesson_and_proposal(self, booking_id: BookingId) -> tuple[LessonView, ProposalView | None] | None:
        async with driver(self._engine) as connection:
            row = await _WITH_PROPOSAL.row(connection, wanted=booking_id)
        if row is None:
            return None
        return _view(row), _proposal(row, "proposal_") if row["proposal_id"] is not None else None

    async def of_series(self, series_id: SeriesId) -> Sequence[LessonView]:
        return await self._all(_SERIES, wanted=series_id)

    async def proposal(self, booking_id: BookingId) -> ProposalView | None:
        async with driver(self._engine) as connection:
            row = await _PROPOSAL.row(connection, wanted=booking_id)
        return _proposal(row, "", booking_id) if row is not None else None

    async def agenda(self, qari_id: UserId, window: TimeSlot) -> Sequence[LessonView]:
        return await self._all(
            _AGENDA, qari=qari_id, since=window.start, earliest=window.start - _LONGEST, until=window.end
        )

    async def requests_to(self, qari_id: UserId) -> Sequence[LessonView]:
        return await self._all(_REQUESTS, qari=qari_id)

    async def outcome_missing(self, qari_id: UserId, *, now: datetime, limit: int = 50) -> Sequence[LessonView]:
        return await self._all(_MISSING, qari=qari_id, now=now, most=limit)

    async def search(
        self, wanted: BookingFilter, *, now: datetime, cursor: str | None = None, limit: int = 50
    ) -> Page[LessonView]:
        edge = decode_cursor(cursor, tuple[datetime, UUID]) or (None, None)
        rows = await self._all(
            _SEARCH,
            statuses=[status.value for status in wanted.statuses],
            qari_id=wanted.qari_id,
            learner_id=wanted.learner_id,
            text=_like(wanted.text),
            starts_from=wanted.starts_from,
            starts_until=wanted.starts_until,
            now=now if wanted.outcome_missing else None,
            edge=edge[0],
            edge_id=edge[1],
            most=limit + 1,
        )
        return page_of(rows, limit, "starts_at", "id")
