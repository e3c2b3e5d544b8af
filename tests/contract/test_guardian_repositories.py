"""Guardianships, learners' facts, clearances and consents: the same promises in memory and on PostgreSQL."""

from datetime import date, timedelta
from typing import cast

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.identity.guardians import SqlGuardianQueries
from adapters.persistence.onboarding.safety import SqlSafetyQueries
from application.identity.hand_over import HandOverAtMajority
from domain.booking.rules import MatchWish
from domain.errors import NotFound, StaleWrite
from domain.identity.guardianship import AlreadyGuardian, GuardianshipStatus, Right
from domain.onboarding.clearance import ClearanceKind
from domain.onboarding.consent import Acceptance, ConsentKind
from domain.scheduling.qari import Gender
from fakes.booking import a_confirmed
from fakes.clock import NOON
from fakes.guardians import CHILD, GUARDIAN, MemoryGuardianQueries, a_clearance, a_guardianship
from fakes.scheduling import QARI
from fakes.unit import MemoryStore
from ports.identity.guardians import GuardianQueries
from ports.unit_of_work import NewUnit
from support.family import Family
from support.units import memory_units, postgres_units

pytestmark = pytest.mark.parametrize("kind", ["memory", pytest.param("postgres", marks=pytest.mark.postgres)])


class World(msgspec.Struct):
    family: Family
    queries: GuardianQueries

    @property
    def new_unit(self) -> NewUnit:
        return self.family.new_unit


@pytest.fixture
def engine(kind: str, request: pytest.FixtureRequest) -> AsyncEngine | None:
    return cast(AsyncEngine, request.getfixturevalue("database")) if kind == "postgres" else None


@pytest.fixture
async def world(engine: AsyncEngine | None) -> World:
    if engine is not None:
        return World(await Family(postgres_units(engine)).settle(), SqlGuardianQueries(engine))
    store = MemoryStore()
    return World(await Family(memory_units(store)).settle(), MemoryGuardianQueries(store))


async def test_a_child_needs_no_address_and_several_have_none(world: World) -> None:  # SAFE-01
    async with world.new_unit() as unit:
        child = await unit.users.get(CHILD)
        assert (child.email, child.birth_date) == ("", date(NOON.year - 10, 1, 15))
        assert await unit.users.by_email("") is None


async def test_two_people_are_joined_by_one_open_guardianship(world: World) -> None:
    async with world.new_unit() as unit:
        with pytest.raises(AlreadyGuardian):
            await unit.guardianships.add(a_guardianship(number=2))


async def test_an_ended_one_stays_and_makes_room(world: World) -> None:
    ended, _ = a_guardianship().revoke(at=NOON)
    async with world.new_unit() as unit:
        await unit.guardianships.save(ended)
        await unit.guardianships.add(a_guardianship(number=2, created_at=NOON + timedelta(days=1)))
        await unit.commit()

    async with world.new_unit() as unit:
        kept = await unit.guardianships.of_child(CHILD)
        between = await unit.guardianships.between(GUARDIAN, CHILD)
        assert [each.status for each in kept] == [GuardianshipStatus.REVOKED, GuardianshipStatus.ACTIVE]
        assert kept[0] == ended
        assert between == kept[1] == (await unit.guardianships.of_guardian(GUARDIAN))[1]
        with pytest.raises(NotFound):
            await unit.guardianships.get(a_guardianship(number=9).id)
        with pytest.raises(StaleWrite):
            await unit.guardianships.save(ended)


async def test_a_guardian_sees_names_and_no_addresses(world: World) -> None:  # SAFE-06
    wards, guardians = await world.queries.wards(GUARDIAN), await world.queries.guardians(CHILD)

    assert [(ward.name, ward.gender, ward.has_address) for ward in wards] == [("Yusuf Khan", Gender.MALE, False)]
    assert await world.queries.ward(GUARDIAN, CHILD) == wards[0]
    assert [(one.name, one.of_record) for one in guardians] == [("Khadija Khan", True)]
    assert await world.queries.children_seen_by(GUARDIAN, Right.SEE) == [CHILD]
    assert not any("@" in str(value) for one in (*wards, *guardians) for value in msgspec.structs.astuple(one))


async def test_what_a_guardian_insists_on_is_kept_beside_the_gender(world: World) -> None:  # DISC-12
    wish = MatchWish(qari_gender=Gender.FEMALE, languages=("ur", "ar"))
    async with world.new_unit() as unit:
        await unit.learners.set_wish(CHILD, wish)
        await unit.commit()

    async with world.new_unit() as unit:
        facts = await unit.learners.facts(CHILD)
    assert (facts.wish, facts.gender, facts.birth_date) == (wish, Gender.MALE, date(NOON.year - 10, 1, 15))


async def test_clearances_are_kept_newest_first_and_withdrawn_once(world: World) -> None:  # SAFE-02
    later = a_clearance(number=2, kind=ClearanceKind.IJAZAH, expires_on=None, recorded_at=NOON + timedelta(days=1))
    async with world.new_unit() as unit:
        await unit.clearances.add(later)
        await unit.clearances.save(later.withdraw(at=NOON))
        await unit.commit()

    async with world.new_unit() as unit:
        assert await unit.clearances.of_qari(QARI) == [later.withdraw(at=NOON), a_clearance()]
        with pytest.raises(StaleWrite):
            await unit.clearances.save(later.withdraw(at=NOON))


async def test_the_latest_text_counts_and_a_yes_is_kept_once(world: World) -> None:  # ONB-09
    await world.family.asks_for(ConsentKind.TERMS, "one")
    await world.family.asks_for(ConsentKind.TERMS, "two")
    said = Acceptance(user_id=GUARDIAN, child_id=None, kind=ConsentKind.TERMS, version=2, at=NOON)
    for_child = msgspec.structs.replace(said, child_id=CHILD, kind=ConsentKind.GUARDIAN)
    async with world.new_unit() as unit:
        await unit.consents.add(said)
        await unit.consents.add(msgspec.structs.replace(said, at=NOON + timedelta(days=1)))
        await unit.consents.add(for_child)
        await unit.commit()

    async with world.new_unit() as unit:
        documents = await unit.consents.documents(NOON)
        assert [(each.kind, each.version, each.text.body) for each in documents] == [(ConsentKind.TERMS, 2, "two")]
        assert sorted(await unit.consents.of_user(GUARDIAN), key=lambda each: each.kind) == [for_child, said]


async def test_at_eighteen_the_child_is_handed_over(world: World) -> None:  # SAFE-01
    sweep = HandOverAtMajority(world.new_unit, world.family.clock)
    assert await sweep() == 0

    world.family.clock.set(NOON.replace(year=NOON.year + 8, month=1, day=15))

    assert (await sweep(), await sweep()) == (1, 0)
    async with world.new_unit() as unit:
        ended = await unit.guardianships.get(a_guardianship().id)
    assert ended.status is GuardianshipStatus.ENDED_AT_MAJORITY
    assert await world.queries.children_seen_by(GUARDIAN, Right.SEE) == []


async def test_a_running_lesson_is_flagged_from_the_day_the_clearance_is_over(
    world: World, engine: AsyncEngine | None
) -> None:  # SAFE-02
    if engine is None:
        return  # a question to the database alone
    queries = SqlSafetyQueries(engine)
    before = a_confirmed(learner_id=CHILD)
    after = a_confirmed(number=2, learner_id=CHILD, start=NOON.replace(year=2028, month=2))
    grown_up = a_confirmed(number=3, start=NOON.replace(year=2028, month=3))
    async with world.new_unit() as unit:
        for booking in (before, after, grown_up):
            assert await unit.bookings.hold(booking)
        await unit.commit()
    required = (ClearanceKind.BACKGROUND_CHECK,)

    flagged = await queries.flagged(required, now=NOON, majority_years=18)
    board = await queries.clearances(NOON.date())

    assert [(one.booking_id, one.learner_name) for one in flagged] == [(after.id, "Yusuf Khan")]
    assert await queries.flagged((), now=NOON, majority_years=18) == []
    assert [(one.qari_id, one.valid, one.until) for one in board] == [(QARI, required, date(2028, 1, 1))]
