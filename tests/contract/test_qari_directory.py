"""Finding Qaris in PostgreSQL: filters, orders, pages, the next free slot. (DISC-01)"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.onboarding.safety import SqlClearances
from adapters.persistence.scheduling.queries import SqlQariDirectory
from adapters.persistence.scheduling.repositories import SqlAvailability, SqlQaris
from adapters.persistence.statement import driver
from domain.booking.needs import needs_of
from domain.booking.rules import Match, MatchWish, Safeguarding, SameGender, breaches
from domain.errors import NotFound
from domain.ids import BookingId, UserId
from domain.money import Money
from domain.onboarding.clearance import Clearance
from domain.scheduling.calendar import TimeOff
from domain.scheduling.qari import Gender, LessonOffer, Riwayah
from domain.scheduling.slots import Busy
from domain.scheduling.subject import ReadingLevel, Subject
from domain.time import TimeSlot
from fakes.guardians import a_clearance, a_guardianship
from fakes.scheduling import NO_LIMITS, a_calendar, a_qari, weekly
from ports.paging import BadCursor
from ports.scheduling.queries import QariFilters, QariOrder

pytestmark = pytest.mark.postgres
# A Wednesday.
NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)
TWO_WEEKS = TimeSlot(NOON, NOON + timedelta(days=14))
_BOOK = """
    INSERT INTO bookings (id, learner_id, payer_id, qari_id, starts_at, ends_at, busy_from, busy_until,
        buffer_before_min, buffer_after_min, occupies, status, kind, price_minor, currency, policy_version,
        request_occupies, moves, sequence, note, reason, created_at, version,
        academy_id)
    VALUES ($1, gen_random_uuid(), gen_random_uuid(), $2, $3, $4, $3, $4::timestamptz + interval '10 minutes', 0, 10,
        $5, $6, 'regular', 900, 'USD', 1, false, 0, 0, '', '', $3, 1, (SELECT id FROM academies))
"""


class School:
    def __init__(self, engine: AsyncEngine) -> None:
        self.engine, self.directory = engine, SqlQariDirectory(engine)

    async def add(self, number: int, *hours: tuple[str, str], **changes: Any) -> UserId:
        qari_id = UserId(UUID(int=number))
        profile = a_qari(**({"name": f"Qari {number}", "zone": "UTC"} | changes | {"user_id": qari_id}))
        calendar = a_calendar(profile.zone, rules=weekly(*hours), limits=NO_LIMITS, qari_id=qari_id)
        async with driver(self.engine) as connection:
            await SqlQaris(connection).add(profile)
            await SqlAvailability(connection).save(calendar)
        return qari_id

    async def book(
        self, qari_id: UserId, start: datetime, *, occupies: bool = True, status: str = "confirmed"
    ) -> BookingId:
        booking_id = BookingId(uuid4())
        async with driver(self.engine) as connection:
            await connection.execute(_BOOK, booking_id, qari_id, start, start + timedelta(minutes=30), occupies, status)
        return booking_id

    async def found(self, **filters: Any) -> list[int]:
        page = await self.directory.search(QariFilters(**filters), TWO_WEEKS, now=NOON)
        return [card.user_id.int for card in page.items]


@pytest.fixture
def school(database: AsyncEngine) -> School:
    return School(database)


async def test_only_approved_qaris_with_an_offer_are_found(school: School) -> None:
    await school.add(1, ("09:00", "17:00"))
    await school.add(2, ("09:00", "17:00"), approved=False)
    await school.add(3, ("09:00", "17:00"), offers=())

    assert await school.found() == [1]


async def test_filters_compose(school: School) -> None:
    await school.add(1, gender=Gender.FEMALE, languages=("ur", "en"), riwayat=(Riwayah.HAFS, Riwayah.WARSH))
    await school.add(2, gender=Gender.FEMALE, languages=("ar",), teaches_genders=frozenset({Gender.FEMALE}))
    await school.add(3, languages=("ur",), offers=(LessonOffer(45, Money(700, "GBP")),))

    assert await school.found(gender=Gender.FEMALE) == [1, 2]
    assert await school.found(gender=Gender.FEMALE, language="ar") == [2]
    assert await school.found(language="ur", riwayah=Riwayah.WARSH) == [1]
    assert await school.found(language="ur", minutes=45) == [3]
    assert await school.found(language="ar", riwayah=Riwayah.WARSH) == []
    assert await school.found(learner=Gender.MALE) == [1, 3]


async def test_subject_and_level_compose_and_silence_means_all(school: School) -> None:  # DISC-01
    await school.add(1, subjects=(Subject.MEMORIZE,), levels=(ReadingLevel.FLUENTLY,))
    await school.add(2, subjects=(Subject.MEMORIZE, Subject.READ), levels=(ReadingLevel.NEW,), languages=("ur",))
    await school.add(3, languages=("en",))

    assert await school.found(subject=Subject.MEMORIZE) == [1, 2, 3]
    assert await school.found(subject=Subject.MEMORIZE, level=ReadingLevel.NEW) == [2, 3]
    assert await school.found(subject=Subject.READ, language="ur") == [2]
    assert await school.found(subject=Subject.IJAZAH) == [3]
    page = await school.directory.search(QariFilters(subject=Subject.READ, language="ur"), TWO_WEEKS, now=NOON)
    assert page.items[0].levels == (ReadingLevel.NEW,)


@pytest.mark.parametrize("is_minor", [False, True])
@pytest.mark.parametrize("wished", [None, *Gender])
@pytest.mark.parametrize("same_gender", list(SameGender))
@pytest.mark.parametrize("learner", list(Gender))
async def test_only_those_whom_the_learner_can_book(
    school: School, learner: Gender, same_gender: SameGender, wished: Gender | None, is_minor: bool
) -> None:  # DISC-12
    """What the search shows is what the rules of a match let through, Qari by Qari."""
    profiles = [
        await school.add(1),
        await school.add(2, gender=Gender.FEMALE, teaches_genders=frozenset({Gender.FEMALE}), languages=("ar",)),
        await school.add(3, gender=Gender.FEMALE),
        await school.add(4, teaches_genders=frozenset({Gender.MALE})),
    ]
    rules, wish = Safeguarding(same_gender=same_gender), MatchWish(qari_gender=wished, languages=("ur", "tr"))
    held = {profiles[0]: a_clearance(number=1), profiles[2]: a_clearance(number=2), profiles[3]: over()}
    async with driver(school.engine) as connection:
        for qari_id, clearance in held.items():
            await SqlClearances(connection).add(msgspec.structs.replace(clearance, qari_id=qari_id))
        known = [await SqlQaris(connection).get(qari_id) for qari_id in profiles]

    found = await school.found(needs=needs_of(learner, wish, rules, is_minor=is_minor))

    fitting = [
        qari.user_id.int
        for qari in known
        if not breaches(
            Match(
                qari=qari,
                learner_gender=learner,
                is_minor=is_minor,
                wish=wish,
                guardians=(a_guardianship(),),
                clearances=(held[qari.user_id],) if qari.user_id in held else (),
                rules=rules,
                today=NOON.date(),
            )
        )
    ]
    assert found == fitting


def over() -> Clearance:
    return a_clearance(number=3, expires_on=NOON.date() - timedelta(days=1))


async def test_a_price_is_compared_in_its_own_currency(school: School) -> None:
    await school.add(1)
    await school.add(2, offers=(LessonOffer(30, Money(800, "GBP")),))

    assert await school.found(max_price=Money(900, "USD")) == [1]
    assert await school.found(max_price=Money(899, "USD")) == []
    assert await school.found(max_price=Money(900, "USD"), minutes=60) == []
    assert await school.found(max_price=Money(1600, "USD"), minutes=60) == [1]


async def test_whoever_is_free_first_comes_first(school: School) -> None:
    early = await school.add(1, ("13:00", "14:00"))
    await school.add(2, ("15:00", "16:00"))
    await school.add(3)
    busy = await school.add(4, ("12:30", "14:30"))
    await school.book(busy, NOON + timedelta(minutes=30))
    away = await school.add(5, ("12:00", "13:00"))
    async with driver(school.engine) as connection:
        availability = SqlAvailability(connection)
        calendar = (await availability.get(away)).with_time_off(
            TimeOff(id=uuid4(), slot=TimeSlot(NOON, NOON + timedelta(hours=20)))
        )
        await availability.save(calendar.with_override((NOON + timedelta(days=1)).date(), []))

    page = await school.directory.search(QariFilters(), TWO_WEEKS, now=NOON)

    assert [(card.user_id.int, card.next_free and card.next_free.start) for card in page.items] == [
        (early.int, NOON + timedelta(hours=1)),
        (busy.int, NOON + timedelta(minutes=90)),
        (2, NOON + timedelta(hours=3)),
        (away.int, NOON + timedelta(days=2)),
        (3, None),
    ]


async def test_a_cancelled_lesson_frees_its_time(school: School) -> None:
    qari_id = await school.add(1, ("13:00", "14:00"))
    await school.book(qari_id, NOON + timedelta(hours=1), occupies=False, status="cancelled")

    page = await school.directory.search(QariFilters(), TWO_WEEKS, now=NOON)

    assert page.items[0].next_free == TimeSlot.lasting(NOON + timedelta(hours=1), 30)


@pytest.mark.parametrize("order", list(QariOrder))
async def test_pages_join_to_the_whole_list(school: School, order: QariOrder) -> None:
    for number in range(1, 8):
        price = Money(500 + number % 3 * 100, "USD" if number % 2 else "GBP")
        hours = [("13:00", "14:00")] if number % 4 else []
        await school.add(number, *hours, name=f"Q{number // 2}", offers=(LessonOffer(30, price),))
    whole = await school.found(order=order)

    seen: list[int] = []
    cursor = None
    while True:
        page = await school.directory.search(QariFilters(order=order, limit=3), TWO_WEEKS, now=NOON, cursor=cursor)
        seen += [card.user_id.int for card in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == whole
    assert len(whole) == 7


async def test_a_cursor_of_another_list_is_refused(school: School) -> None:
    for number in (1, 2):
        await school.add(number)
    page = await school.directory.search(QariFilters(order=QariOrder.NAME, limit=1), TWO_WEEKS, now=NOON)

    with pytest.raises(BadCursor):
        await school.directory.search(QariFilters(), TWO_WEEKS, now=NOON, cursor=page.next_cursor)


async def test_a_qari_page_brings_calendar_and_busy_times(school: School) -> None:
    qari_id = await school.add(1, ("09:00", "17:00"))
    start = NOON + timedelta(hours=1)
    booking_id = await school.book(qari_id, start)
    expected = Busy.lesson(TimeSlot.lasting(start, 30), after_min=10)

    page = await school.directory.page(qari_id, TWO_WEEKS)
    async with driver(school.engine) as connection:
        availability = SqlAvailability(connection)
        without = await availability.busy(qari_id, TWO_WEEKS, without=[booking_id])
        lesson = await availability.busy(qari_id, TWO_WEEKS)

    assert page.calendar == a_calendar("UTC", qari_id=qari_id)
    assert page.busy == (expected,)
    assert list(lesson) == [expected]
    assert list(without) == []
    assert [ahead.booking_id for ahead in await school.directory.lessons(qari_id, TWO_WEEKS)] == [booking_id]


async def test_a_qari_who_is_not_approved_has_no_page(school: School) -> None:
    qari_id = await school.add(1, approved=False)

    with pytest.raises(NotFound):
        await school.directory.page(qari_id, TWO_WEEKS)
