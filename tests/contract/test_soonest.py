"""The list of Qaris by who is free next is remembered, and yet never behind what was booked or changed. (DISC-01)"""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.scheduling.queries import SqlQariDirectory
from adapters.persistence.scheduling.repositories import SqlAvailability, SqlQaris
from adapters.persistence.scheduling.soonest import ForgetChanges
from adapters.persistence.statement import driver
from domain.ids import UserId
from domain.scheduling.calendar import TimeOff
from domain.time import TimeSlot
from fakes.scheduling import NO_LIMITS, a_calendar, a_qari, weekly
from ports.scheduling.queries import QariCard, QariFilters

pytestmark = pytest.mark.postgres
NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)
TWO_WEEKS = TimeSlot(NOON, NOON + timedelta(days=14))
AT_NINE = NOON + timedelta(hours=21)
ONE, OTHER = UserId(UUID(int=1)), UserId(UUID(int=2))
_BOOK = """
    INSERT INTO bookings (id, learner_id, payer_id, qari_id, starts_at, ends_at, busy_from, busy_until,
        buffer_before_min, buffer_after_min, occupies, status, kind, price_minor, currency, policy_version,
        request_occupies, moves, sequence, note, reason, created_at, version, academy_id)
    VALUES ($1, gen_random_uuid(), gen_random_uuid(), $2, $3, $4, $3, $4, 0, 0, true, 'confirmed', 'regular', 900,
        'USD', 1, false, 0, 0, '', '', $3, 1, (SELECT id FROM academies))
"""
_ELSEWHERE = """
    WITH kept AS (
        INSERT INTO calendar_connections (id, qari_id, source, label, status, strict, cursor, created_at, next_read_at,
            refusals, failures, error, version, academy_id)
        VALUES ($1, $2, 'ics', '', 'connected', false, '', $3, $3, 0, 0, '', 1, (SELECT id FROM academies))
        RETURNING id
    ) INSERT INTO external_busy (connection_id, key, qari_id, starts_at, ends_at, blind)
      SELECT id, 'one', $2, $3, $4, false FROM kept
"""


class School:
    def __init__(self, engine: AsyncEngine) -> None:
        self.engine, self.directory = engine, SqlQariDirectory(engine)

    async def first_of(self, qari_id: UserId, now: datetime = NOON) -> datetime | None:
        cards = {card.user_id: card for card in await self.cards(now)}
        free = cards[qari_id].next_free
        return None if free is None else free.start

    async def cards(self, now: datetime = NOON) -> list[QariCard]:
        window = TimeSlot(now, now + timedelta(days=14))
        return list((await self.directory.search(QariFilters(), window, now=now)).items)

    async def run(self, sql: str, *values: Any) -> None:
        async with driver(self.engine) as connection:
            await connection.execute(sql, *values)

    async def book(self, qari_id: UserId, start: datetime) -> UUID:
        booking_id = uuid4()
        await self.run(_BOOK, booking_id, qari_id, start, start + timedelta(minutes=30))
        return booking_id


@pytest.fixture
async def school(database: AsyncEngine) -> School:
    found = School(database)
    async with driver(database) as connection:
        for qari_id in (ONE, OTHER):
            await SqlQaris(connection).add(a_qari(user_id=qari_id, name=f"Qari {qari_id.int}", zone="UTC"))
            hours = weekly(("09:00", "17:00"))
            await SqlAvailability(connection).save(a_calendar("UTC", rules=hours, limits=NO_LIMITS, qari_id=qari_id))
    assert await found.first_of(ONE) == NOON
    return found


async def test_a_lesson_that_is_booked_is_felt_by_the_next_search(school: School) -> None:
    await school.book(ONE, NOON)

    assert await school.first_of(ONE) == NOON + timedelta(minutes=30)
    assert [card.user_id for card in await school.cards()] == [OTHER, ONE]


async def test_a_lesson_that_is_cancelled_gives_its_time_back(school: School) -> None:
    booking_id = await school.book(ONE, NOON)
    await school.first_of(ONE)

    await school.run("UPDATE bookings SET occupies = false, status = 'cancelled' WHERE id = $1", booking_id)

    assert await school.first_of(ONE) == NOON


async def test_hours_time_off_prices_and_calendars_elsewhere_are_felt_as_well(school: School) -> None:
    async with driver(school.engine) as connection:
        availability = SqlAvailability(connection)
        calendar = await availability.get(ONE)
        off = TimeOff(id=uuid4(), slot=TimeSlot(NOON, NOON + timedelta(hours=2)))
        await availability.save(calendar.with_time_off(off))
    assert await school.first_of(ONE) == NOON + timedelta(hours=2)

    async with driver(school.engine) as connection:
        await SqlAvailability(connection).save(calendar.with_override(date(2026, 7, 15), ()))
    assert await school.first_of(ONE) == AT_NINE

    await school.run(_ELSEWHERE, uuid4(), OTHER, NOON, NOON + timedelta(hours=1))
    assert await school.first_of(OTHER) == NOON + timedelta(hours=1)

    await school.run("DELETE FROM external_busy")
    await school.run("UPDATE qari_offers SET price_minor = 7777")
    await school.run("UPDATE qaris SET name = 'Another name' WHERE user_id = $1", ONE)
    cards = {card.user_id: card for card in await school.cards()}
    assert (cards[ONE].name, cards[ONE].price.minor, cards[OTHER].price.minor) == ("Another name", 7777, 7777)
    assert await school.first_of(OTHER) == NOON


async def test_who_is_no_longer_approved_is_gone_and_who_is_comes_in(school: School) -> None:
    await school.run("UPDATE qaris SET approved = false WHERE user_id = $1", ONE)
    assert [card.user_id for card in await school.cards()] == [OTHER]

    await school.run("UPDATE qaris SET approved = true WHERE user_id = $1", ONE)
    assert [card.user_id for card in await school.cards()] == [ONE, OTHER]


async def test_a_transaction_that_began_before_and_ends_after_the_search_is_not_missed(school: School) -> None:
    async with driver(school.engine) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(_BOOK, uuid4(), ONE, NOON, NOON + timedelta(minutes=30))
        for minutes in (60, 120, 180):
            await school.book(OTHER, NOON + timedelta(minutes=minutes))
            assert await school.first_of(ONE) == NOON
        await transaction.commit()

    assert await school.first_of(ONE) == NOON + timedelta(minutes=30)


async def test_what_is_free_moves_on_with_the_clock(school: School) -> None:
    assert await school.first_of(ONE, NOON + timedelta(minutes=1)) == NOON + timedelta(minutes=30)


async def test_many_who_search_while_others_book_see_what_is_there_in_the_end(school: School) -> None:
    async def book() -> None:
        for step in range(8):
            await school.book(ONE, NOON + timedelta(minutes=30 * step))
            await asyncio.sleep(0)

    async def look() -> None:
        seen = [await school.first_of(ONE) or NOON for _ in range(10)]
        assert seen == sorted(seen)

    await asyncio.gather(book(), *(look() for _ in range(6)))

    assert await school.first_of(ONE) == NOON + timedelta(hours=4)


async def test_notes_of_changes_are_forgotten_after_an_hour(school: School) -> None:
    await school.book(ONE, NOON)
    await school.run("UPDATE qari_changes SET at = at - interval '2 hours'")

    assert await ForgetChanges(school.engine)() > 0
    assert await ForgetChanges(school.engine)() == 0
    assert await school.first_of(ONE, NOON + timedelta(hours=1)) == NOON + timedelta(hours=1)
