"""Qaris as people find them."""

from bisect import bisect_right
from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import TIMESTAMP, Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.booking.tables import bookings
from adapters.persistence.scheduling.repositories import SqlAvailability, SqlQaris
from adapters.persistence.scheduling.search import SEARCH, arguments, card_of
from adapters.persistence.scheduling.soonest import Soonest, by_next_free
from adapters.persistence.scheduling.tables import qari_offers, qaris
from adapters.persistence.statement import Statement, driver
from domain.errors import NotFound
from domain.ids import BookingId, UserId
from domain.scheduling.qari import QariProfile
from domain.time import TimeSlot
from ports.paging import Page, decode_cursor, encode_cursor
from ports.scheduling.queries import LessonAhead, QariCard, QariFilters, QariOrder, QariPage

Name: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[^\\x00]*$")]
Minor: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]

_LESSONS = Statement(
    select(bookings.c.id, bookings.c.starts_at, bookings.c.ends_at, bookings.c.status)
    .where(
        bookings.c.qari_id == bindparam("qari_id", type_=Uuid),
        bookings.c.occupies,
        bookings.c.ends_at > bindparam("since", type_=TIMESTAMP(timezone=True)),
        bookings.c.starts_at < bindparam("until", type_=TIMESTAMP(timezone=True)),
    )
    .order_by(bookings.c.starts_at)
)

_LISTED = Statement(
    select(qaris.c.user_id)
    .where(qaris.c.approved, select(qari_offers.c.qari_id).where(qari_offers.c.qari_id == qaris.c.user_id).exists())
    .order_by(qaris.c.user_id)
)


class SqlQariDirectory:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine, self._soonest = engine, Soonest(engine)

    async def search(
        self, filters: QariFilters, window: TimeSlot, *, now: datetime, cursor: str | None = None
    ) -> Page[QariCard]:
        after = _after(filters.order, cursor)
        if filters.order is QariOrder.NEXT_FREE:
            cards = await self._soonest.cards(filters, window, now)
            first = bisect_right(cards, after, key=by_next_free) if after is not None else 0
            cards = cards[first : first + filters.limit + 1]
        else:
            key = msgspec.json.encode(after).decode() if after is not None else None
            async with driver(self._engine) as connection:
                rows = await connection.fetch(SEARCH[filters.order], *arguments(filters, window, key, now))
            cards = [card_of(row, window, now) for row in rows]
        if len(cards) <= filters.limit:
            return Page(cards)
        shown = cards[: filters.limit]
        return Page(shown, encode_cursor(*_key(filters.order, shown[-1])))

    async def listed(self) -> list[UserId]:
        async with driver(self._engine) as connection:
            return [UserId(UUID(int=row["user_id"].int)) for row in await _LISTED.all(connection)]

    async def page(self, qari_id: UserId, window: TimeSlot) -> QariPage:
        async with driver(self._engine) as connection:
            profile = await SqlQaris(connection).get(qari_id)
            if not profile.bookable:
                raise NotFound("there is no such Qari", qari_id=str(qari_id))
            availability = SqlAvailability(connection)
            calendar = await availability.get(qari_id)
            busy = await availability.busy(qari_id, window)
        return QariPage(**_shown(profile), calendar=calendar, busy=tuple(busy))

    async def lessons(self, qari_id: UserId, window: TimeSlot) -> list[LessonAhead]:
        async with driver(self._engine) as connection:
            rows = await _LESSONS.all(connection, qari_id=qari_id, since=window.start, until=window.end)
        return [
            LessonAhead(
                booking_id=BookingId(UUID(int=row["id"].int)),
                slot=TimeSlot(row["starts_at"], row["ends_at"]),
                status=row["status"],
            )
            for row in rows
        ]


def _shown(profile: QariProfile) -> dict[str, Any]:
    row = msgspec.structs.asdict(profile)
    del row["approved"]
    return row | {"teaches_genders": tuple(sorted(profile.teaches_genders))}


def _key(order: QariOrder, card: QariCard) -> tuple[Any, ...]:
    if order is QariOrder.NAME:
        return (card.name, card.user_id)
    if order is QariOrder.PRICE:
        return (card.price.currency, card.price.minor, card.user_id)
    return by_next_free(card)


def _after(order: QariOrder, cursor: str | None) -> tuple[Any, ...] | None:
    """Raises BadCursor, for a cursor of another order too."""
    if order is QariOrder.NAME:
        return decode_cursor(cursor, tuple[Name, UUID])
    if order is QariOrder.PRICE:
        return decode_cursor(cursor, tuple[Name, Minor, UUID])
    return decode_cursor(cursor, tuple[Instant, UUID])
