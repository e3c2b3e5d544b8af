"""Looking for a Qari as somebody in particular: whom he can have, and where the search starts. (DISC-01, DISC-12)"""

from datetime import date
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.api import scheduling
from adapters.http.web import public
from application.booking.learner_search import LearnerSearch
from application.identity.see_family import SeeChildren
from application.scheduling.free_slots import FreeSlots
from application.scheduling.search_qaris import SearchQaris
from domain.booking.rules import MatchWish
from domain.identity.permission import Audience, Role
from domain.ids import UserId
from domain.onboarding.placement import Match, Placement
from domain.scheduling.qari import Gender
from domain.scheduling.subject import ReadingLevel, Subject
from fakes.directory import MemoryDirectory, MemorySchool
from fakes.guardians import CHILD, MemoryGuardianQueries, a_guardianship
from fakes.http import NOON, STUDENT_TOKEN, StandingClock, an_app, bearer, person, provided, token_of
from fakes.identity import a_user
from fakes.scheduling import a_calendar, a_qari
from fakes.unit import MemoryStore
from support.units import memory_units

STUDENT = person(Audience.MAIN, Role.STUDENT).user_id
GUARDIAN = person(Audience.MAIN, Role.GUARDIAN).user_id
AS_STUDENT = bearer(STUDENT_TOKEN)
AS_GUARDIAN = bearer(token_of(Audience.MAIN, Role.GUARDIAN))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def client(store: MemoryStore) -> TestClient[Litestar]:
    school, clock = MemorySchool(), StandingClock()
    for number, (name, fields) in enumerate(
        {
            "Qari Bilal": {"gender": Gender.MALE, "subjects": (Subject.TAJWID,)},
            "Qaria Hafsa": {"gender": Gender.FEMALE, "subjects": (Subject.MEMORIZE,), "levels": (ReadingLevel.NEW,)},
            "Qaria Amina": {"gender": Gender.FEMALE, "languages": ("fr",)},
        }.items(),
        1,
    ):
        profile = a_qari(user_id=UserId(UUID(int=0xA000 + number)), name=name, **fields)
        school.add(profile, a_calendar(qari_id=profile.user_id))
    directory = MemoryDirectory(school)
    parts: dict[str, Any] = {
        "search_qaris": SearchQaris(directory, clock),
        "free_slots": FreeSlots(directory, clock),
        "learner_search": LearnerSearch(memory_units(store), clock),
        "see_children": SeeChildren(MemoryGuardianQueries(store)),
        "clock": clock,
    }
    controllers = [public.PublicController, scheduling.QariController]
    return TestClient(an_app(controllers, dependencies={name: provided(part) for name, part in parts.items()}))


async def wishes(store: MemoryStore, learner_id: UserId, **wish: Any) -> None:
    async with memory_units(store)() as unit:
        await unit.learners.set_wish(learner_id, MatchWish(**wish))
        await unit.commit()


async def place(store: MemoryStore) -> None:
    async with memory_units(store)() as unit:
        await unit.placements.save(
            Placement(
                learner_id=STUDENT,
                level=ReadingLevel.NEW,
                goals=(Subject.MEMORIZE, Subject.READ),
                memorized=(),
                birth_date=date(1990, 1, 1),
                match=Match(),
                placed_at=NOON,
            )
        )
        await unit.commit()


def found(client: TestClient[Litestar], address: str, headers: dict[str, str]) -> tuple[set[str], str]:
    text = unescape(client.get(address, headers={"Accept": "text/html"} | headers).text)
    return {name for name in ("Qari Bilal", "Qaria Hafsa", "Qaria Amina") if name in text}, text


async def test_whom_a_learner_cannot_book_is_not_shown_and_the_page_says_why(
    client: TestClient[Litestar], store: MemoryStore
) -> None:  # DISC-12
    await wishes(store, STUDENT, qari_gender=Gender.FEMALE, languages=("ur",))

    shown, text = found(client, "/qaris", AS_STUDENT)
    assert shown == {"Qaria Hafsa"}
    assert "Only Qaris who may teach you are shown: women, speaking Urdu." in text

    shown, text = found(client, "/qaris?everyone=1&order=name", AS_STUDENT)
    assert shown == {"Qari Bilal", "Qaria Hafsa", "Qaria Amina"}
    assert "also Qaris who cannot be booked here" in text


async def test_strangers_see_everybody(client: TestClient[Litestar]) -> None:
    shown, text = found(client, "/qaris", {})
    assert len(shown) == 3
    assert 'id="only"' not in text


async def test_the_search_starts_from_the_placement(client: TestClient[Litestar], store: MemoryStore) -> None:  # ONB-07
    await place(store)

    shown, text = found(client, "/qaris", AS_STUDENT)
    assert shown == {"Qaria Hafsa", "Qaria Amina"}
    assert "what you told us when you joined" in text

    shown, text = found(client, "/qaris?order=next_free", AS_STUDENT)
    assert len(shown) == 3
    assert "what you told us when you joined" not in text


async def test_a_guardian_looks_for_a_child(client: TestClient[Litestar], store: MemoryStore) -> None:  # DISC-12
    async with memory_units(store)() as unit:
        await unit.users.add(a_user(number=3, id=CHILD, name="Yusuf Khan", email="", birth_date=date(2015, 1, 1)))
        await unit.guardianships.add(a_guardianship(guardian_id=GUARDIAN))
        await unit.commit()
    await wishes(store, CHILD, qari_gender=Gender.MALE)

    shown, text = found(client, "/qaris", AS_GUARDIAN)
    assert shown == {"Qari Bilal"}
    assert "Only Qaris who may teach Yusuf Khan are shown: men" in text

    shown, _ = found(client, f"/qaris?for={STUDENT}", AS_GUARDIAN)
    assert len(shown) == 3


async def test_the_api_answers_for_oneself_and_for_ones_children_alone(
    client: TestClient[Litestar], store: MemoryStore
) -> None:
    await wishes(store, STUDENT, qari_gender=Gender.MALE)

    answer = client.get("/api/v1/qaris", params={"learner_id": str(STUDENT)}, headers=AS_STUDENT).json()
    assert [one["name"] for one in answer["items"]] == ["Qari Bilal"]
    answer = client.get("/api/v1/qaris", params={"subject": "memorize", "level": "new"}).json()
    assert [one["name"] for one in answer["items"]] == ["Qaria Hafsa", "Qaria Amina"]

    assert client.get("/api/v1/qaris", params={"learner_id": str(CHILD)}, headers=AS_STUDENT).status_code == 404
    assert client.get("/api/v1/qaris", params={"learner_id": str(CHILD)}).status_code == 401
