"""What the repositories of Qaris and calendars promise, kept by the fake and by PostgreSQL. (DISC-02)"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.scheduling.repositories import SqlAvailability, SqlQaris
from adapters.persistence.statement import driver
from domain.errors import Conflict, NotFound
from domain.ids import UserId
from domain.money import Money
from domain.scheduling.calendar import Calendar, Limits, TimeOff, WallRange
from domain.scheduling.qari import BookingMode, Gender, LessonOffer, QariProfile, Riwayah
from domain.time import TimeSlot
from fakes.scheduling import QARI, MemoryAvailability, MemoryQaris, a_qari, weekly
from ports.scheduling.repositories import AvailabilityRepository, QariRepository

Repositories = tuple[QariRepository, AvailabilityRepository]
NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)
SOMEBODY = UserId(UUID(int=7))


@pytest.fixture
def memory_repositories() -> Repositories:
    profiles: dict[UserId, QariProfile] = {}
    calendars: dict[UserId, Calendar] = {}
    return MemoryQaris(profiles, calendars), MemoryAvailability(profiles, calendars)


@pytest.fixture
async def postgres_repositories(database: AsyncEngine) -> AsyncIterator[Repositories]:
    async with driver(database) as connection, connection.transaction():
        yield SqlQaris(connection), SqlAvailability(connection)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def repositories(request: pytest.FixtureRequest) -> Repositories:
    found: Repositories = request.getfixturevalue(f"{request.param}_repositories")
    return found


async def test_a_profile_comes_back_as_it_was_stored(repositories: Repositories) -> None:
    qaris, _ = repositories
    profile = a_qari(
        teaches_genders=frozenset({Gender.FEMALE}),
        riwayat=(Riwayah.WARSH, Riwayah.HAFS),
        booking_mode=BookingMode.REQUEST,
        request_holds_slot=True,
        bio="Ijazah in two readings.",
    )

    await qaris.add(profile)

    assert await qaris.get(QARI) == profile


async def test_offers_are_replaced_whole(repositories: Repositories) -> None:
    qaris, _ = repositories
    await qaris.add(a_qari())
    changed = a_qari(zone="Europe/London", offers=(LessonOffer(45, Money(1500, "JPY")),))

    await qaris.save(changed)

    assert await qaris.get(QARI) == changed


async def test_nobody_has_two_profiles(repositories: Repositories) -> None:
    qaris, _ = repositories
    await qaris.add(a_qari())

    with pytest.raises(Conflict):
        await qaris.add(a_qari())


async def test_a_new_qari_has_an_empty_calendar_in_his_zone(repositories: Repositories) -> None:
    qaris, availability = repositories
    await qaris.add(a_qari())

    calendar = await availability.get(QARI)

    assert (calendar.zone, calendar.rules, calendar.overrides, calendar.time_off) == ("Asia/Karachi", (), {}, ())
    assert calendar.limits == Limits()


async def test_a_calendar_comes_back_as_it_was_stored(repositories: Repositories) -> None:
    qaris, availability = repositories
    await qaris.add(a_qari())
    calendar = (await availability.lock(QARI)).with_rules(weekly(("09:00", "12:00"), ("22:00", "02:00")))
    calendar = calendar.with_override(date(2026, 7, 20), []).with_override(date(2026, 7, 21), [WallRange(60, 120)])
    for hours in (30, 5):
        slot = TimeSlot(NOON + timedelta(hours=hours), NOON + timedelta(hours=hours + 10))
        calendar = calendar.with_time_off(TimeOff(id=UUID(int=hours), slot=slot, note="Hajj"))
    calendar = calendar.with_limits(Limits(buffer_after_min=10, daily_cap=6, weekly_cap=None, step_min=15))

    await availability.save(calendar)
    assert await availability.get(QARI) == calendar

    emptied = calendar.with_override(date(2026, 7, 20), None).without_time_off(UUID(int=5)).with_rules([])
    await availability.save(emptied)
    assert await availability.get(QARI) == emptied


async def test_the_calendar_follows_the_zone_of_the_profile(repositories: Repositories) -> None:
    qaris, availability = repositories
    await qaris.add(a_qari())

    await qaris.save(a_qari(zone="Africa/Cairo"))

    assert (await availability.get(QARI)).zone == "Africa/Cairo"


async def test_what_is_not_there_is_not_found(repositories: Repositories) -> None:
    qaris, availability = repositories

    with pytest.raises(NotFound):
        await qaris.get(SOMEBODY)
    with pytest.raises(NotFound):
        await qaris.save(a_qari())
    with pytest.raises(NotFound):
        await availability.get(SOMEBODY)
    with pytest.raises(NotFound):
        await availability.lock(SOMEBODY)


async def test_a_learner_may_say_his_gender_and_take_it_back(repositories: Repositories) -> None:  # DISC-12
    qaris, _ = repositories
    assert await qaris.learner_gender(SOMEBODY) is None

    await qaris.set_learner_gender(SOMEBODY, Gender.FEMALE)
    assert await qaris.learner_gender(SOMEBODY) is Gender.FEMALE

    await qaris.set_learner_gender(SOMEBODY, None)
    assert await qaris.learner_gender(SOMEBODY) is None


async def test_somebody_who_has_no_lessons_is_not_busy(repositories: Repositories) -> None:
    qaris, availability = repositories
    await qaris.add(msgspec.structs.replace(a_qari(), user_id=UserId(uuid4())))

    assert list(await availability.busy(QARI, TimeSlot(NOON, NOON + timedelta(days=7)))) == []
