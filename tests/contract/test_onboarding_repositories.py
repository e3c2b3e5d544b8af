"""What the rest counts on of applications and what belongs to them, in memory and in PostgreSQL alike."""

from datetime import timedelta
from typing import cast
from uuid import UUID

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.onboarding.queries import SqlOnboardingQueries
from domain.errors import Conflict, NotFound, StaleWrite
from domain.identity.permission import Role
from domain.identity.user import Onboarding
from domain.ids import ApplicationId, DocumentId, UserId
from domain.onboarding.application import SealedId, Status
from domain.onboarding.document import Document
from domain.onboarding.placement import placed
from domain.onboarding.policy import DocumentKind
from domain.onboarding.trial import Trial, Verdict
from fakes.booking import LEARNER, a_booking
from fakes.clock import NOON
from fakes.identity import a_user
from fakes.onboarding import APPLICANT, a_learner_form, an_application
from fakes.scheduling import QARI, a_qari
from ports.onboarding.queries import QueueFilter
from ports.unit_of_work import NewUnit
from support.units import memory_units, postgres_units

LATER = NOON + timedelta(hours=1)
SEALED = SealedId(country="PK", tail="5671", sealed=b"nobody reads this")


@pytest.fixture
def memory() -> NewUnit:
    return memory_units()


@pytest.fixture
def on_postgres(database: AsyncEngine) -> NewUnit:
    return postgres_units(database)


@pytest.fixture(params=["memory", pytest.param("on_postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest) -> NewUnit:
    return cast(NewUnit, request.getfixturevalue(request.param))


@pytest.fixture
async def new_unit(empty: NewUnit) -> NewUnit:
    async with empty() as unit:
        for number, user_id in enumerate((APPLICANT, QARI, LEARNER), 1):
            await unit.users.add(a_user(number=number, id=user_id))
        await unit.commit()
    return empty


def a_document(**given: object) -> Document:
    application = an_application()
    document = Document(
        id=DocumentId(UUID("01980000-0000-7000-8000-0000000d0001")),
        application_id=application.id,
        user_id=APPLICANT,
        kind=DocumentKind.IDENTITY,
        name="passport.pdf",
        media_type="application/pdf",
        size=12,
        sha256=bytes(32),
        edition=1,
        uploaded_at=NOON,
    )
    return msgspec.structs.replace(document, **given)


@pytest.mark.parametrize("role", [Role.STUDENT, Role.QARI])
async def test_an_application_comes_back_as_it_was(new_unit: NewUnit, role: Role) -> None:
    # ONB-01, ONB-02
    application = an_application(role, national_id=SEALED)
    submitted = application.submit(at=LATER)

    async with new_unit() as unit:
        await unit.applications.add(application)
        await unit.applications.save(submitted)
        await unit.applications.keep(submitted.handed_in([a_document().id]))
        await unit.commit()

    async with new_unit() as unit:
        assert await unit.applications.get(application.id) == submitted
        assert await unit.applications.of(APPLICANT, role) == submitted
        assert await unit.applications.of(APPLICANT, Role.GUARDIAN) is None
        with pytest.raises(NotFound):
            await unit.applications.get(ApplicationId(UUID(int=5)))


async def test_the_second_of_two_writers_is_told(new_unit: NewUnit) -> None:
    application = an_application()
    async with new_unit() as unit:
        await unit.applications.add(application)
        await unit.applications.save(application.submit(at=LATER))
        with pytest.raises(StaleWrite):
            await unit.applications.save(application.write(a_learner_form(name="Other"), at=LATER))


async def test_there_is_one_application_for_each_role(new_unit: NewUnit) -> None:
    async with new_unit() as unit:
        await unit.applications.add(an_application())
        with pytest.raises(Conflict):
            await unit.applications.add(an_application(id=ApplicationId(UUID(int=9))))


async def test_removed_documents_leave_the_list_and_stay_readable(new_unit: NewUnit) -> None:
    document, other = a_document(), a_document(id=DocumentId(UUID(int=8)), uploaded_at=LATER)
    async with new_unit() as unit:
        await unit.applications.add(an_application())
        await unit.documents.add(document)
        await unit.documents.add(other)
        assert await unit.documents.of(document.application_id) == [document, other]

        await unit.documents.save(document.remove(at=LATER))
        await unit.documents.delete(other.id)

        assert await unit.documents.of(document.application_id) == []
        assert (await unit.documents.get(document.id)).removed_at == LATER
        with pytest.raises(NotFound):
            await unit.documents.get(other.id)


async def test_the_newest_placement_and_trial_hold(new_unit: NewUnit) -> None:
    # ONB-07, ONB-08
    placement = placed(APPLICANT, a_learner_form(), at=NOON)
    booking = a_booking()
    trial = Trial(booking_id=booking.id, learner_id=LEARNER, qari_id=QARI, verdict=Verdict.UNDECIDED, judged_at=NOON)
    fits = msgspec.structs.replace(trial, verdict=Verdict.FITS, note="reads well")
    async with new_unit() as unit:
        assert await unit.placements.find(APPLICANT) is None
        await unit.placements.save(msgspec.structs.replace(placement, goals=()))
        await unit.placements.save(placement)
        await unit.qaris.add(a_qari())
        assert await unit.bookings.hold(booking)
        assert await unit.trials.find(booking.id) is None
        await unit.trials.save(trial)
        await unit.trials.save(fits)

        assert await unit.placements.find(APPLICANT) == placement
        assert await unit.trials.find(booking.id) == fits


async def test_the_onboarding_of_each_role_is_kept_with_the_account(new_unit: NewUnit) -> None:
    # ONB-05
    async with new_unit() as unit:
        user = await unit.users.get(APPLICANT)
        user = user.with_onboarding(Role.STUDENT, Onboarding.APPROVED)
        await unit.users.save(user)
        user = user.with_onboarding(Role.QARI, Onboarding.DRAFT)
        await unit.users.save(user)

        stored = await unit.users.get(APPLICANT)

    assert stored == user
    assert [stored.onboarding_of(role) for role in (Role.STUDENT, Role.QARI, Role.GUARDIAN)] == [
        Onboarding.APPROVED,
        Onboarding.DRAFT,
        Onboarding.NOT_NEEDED,
    ]


async def test_the_queue_shows_who_waits_longest_and_who_works_on_it(database: AsyncEngine) -> None:
    # ADM-03
    queries, units = SqlOnboardingQueries(database), postgres_units(database)
    async with units() as unit:
        for number in range(1, 4):
            user = a_user(number=number, id=UserId(UUID(int=number)), name=f"Applicant {number}")
            await unit.users.add(user)
            fresh = an_application(Role.QARI, id=ApplicationId(UUID(int=number)), user_id=user.id)
            await unit.applications.add(fresh)
            waiting = fresh.submit(at=NOON + timedelta(hours=3 - number))
            await unit.applications.save(waiting)
            await unit.applications.keep(waiting.handed_in())
            if number == 2:
                await unit.applications.save(waiting.claim(UserId(UUID(int=1)), at=LATER))
        await unit.commit()

    first = await queries.queue(QueueFilter(), limit=2)
    rest = await queries.queue(QueueFilter(), cursor=first.next_cursor, limit=2)
    mine = await queries.queue(QueueFilter(owner_id=UserId(UUID(int=1))))
    free = await queries.queue(QueueFilter(unowned=True, role=Role.QARI))
    approved = await queries.queue(QueueFilter(status=Status.APPROVED))
    [edition] = await queries.editions(ApplicationId(UUID(int=2)))

    assert [item.name for item in first.items] == ["Applicant 3", "Applicant 2"]
    assert [item.name for item in rest.items] == ["Applicant 1"]
    assert [(item.name, item.owner_name) for item in mine.items] == [("Applicant 2", "Applicant 1")]
    assert len(free.items) == 2
    assert approved.items == []
    assert edition.form == an_application(Role.QARI).form
    assert [item.id for item in await queries.of_user(UserId(UUID(int=2)))] == [UUID(int=2)]
