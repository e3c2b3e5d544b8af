"""Text search knows how Arabic is written. (DISC-07)"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.identity.queries import SqlPeople
from adapters.persistence.migrations import versions
from adapters.persistence.scheduling.queries import SqlQariDirectory
from adapters.persistence.scheduling.repositories import SqlAvailability, SqlQaris
from adapters.persistence.searchable import SEARCHABLE, patterns
from adapters.persistence.statement import driver
from domain.ids import UserId
from domain.time import TimeSlot
from fakes.scheduling import NO_LIMITS, a_calendar, a_qari, weekly
from fakes.searchable import searchable
from ports.scheduling.queries import QariFilters

NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)
SAME = (
    ("القرآن", "القران"),
    ("ٱلۡقُرۡءَانِ", "القران"),
    ("أحمد", "احمد"),
    ("إبراهيم", "ابراهيم"),
    ("هدى", "هدي"),
    ("فاطمة", "فاطمه"),
    ("فاطمہ", "فاطمة"),
    ("محمّد", "محمد"),
    ("مـحـمـد", "محمد"),
    ("کریم", "كريم"),
    ("ﷲ", "الله"),
    ("سورة ٢", "سورۃ ۲"),
    ("Ḥāfiẓ ʿAbd", "hafiz abd"),
    ("Zaynab", "ZAYNAB"),
)
TEXTS = (*{text for pair in SAME for text in pair}, "a%b_c\\d", "", "Qārī Sālim al-Miṣrī", "مُؤمِن شَيۡءٌ ئے")


@pytest.mark.parametrize(("one", "other"), SAME)
def test_ways_of_writing_one_word_are_one_word(one: str, other: str) -> None:  # DISC-07
    assert searchable(one) == searchable(other)


def test_like_has_no_wildcards_of_the_reader() -> None:
    assert patterns("50%_a\\") == ["%50\\%\\_a\\\\%", None, None]
    assert patterns("a b c d") == ["%a%", "%b%", "%c%d%"]


@pytest.mark.postgres
async def test_the_database_reads_as_the_fake_does(database: AsyncEngine) -> None:
    async with driver(database) as connection:
        found = [await connection.fetchval("SELECT searchable($1)", text) for text in TEXTS]

    assert found == [searchable(text) for text in TEXTS]


def test_the_migration_makes_the_declared_function() -> None:
    assert SEARCHABLE in Path(versions.__path__[0], "2026_11_22_13_search.py").read_text("utf-8")


@pytest.mark.postgres
@pytest.mark.parametrize("asked", ["القران", "قُرآن", "  AHMAD   السيد", "السید qari", "القرآن الكريم"])
async def test_a_qari_is_found_however_the_name_is_spelt(database: AsyncEngine, asked: str) -> None:  # DISC-07
    directory = SqlQariDirectory(database)
    async with driver(database) as connection:
        for number, (name, bio) in enumerate([("Qari Aḥmad السيّد", "معلّم القرآن الكريم"), ("Qaria Huda", "Tajwid")], 1):
            profile = a_qari(user_id=UserId(UUID(int=number)), name=name, bio=bio, zone="UTC")
            await SqlQaris(connection).add(profile)
            calendar = a_calendar("UTC", rules=weekly(("09:00", "17:00")), limits=NO_LIMITS, qari_id=profile.user_id)
            await SqlAvailability(connection).save(calendar)

    window = TimeSlot(NOON, NOON + timedelta(days=14))
    page = await directory.search(QariFilters(text=asked), window, now=NOON)

    assert [card.name for card in page.items] == ["Qari Aḥmad السيّد"]
    assert len((await directory.search(QariFilters(), window, now=NOON)).items) == 2


@pytest.mark.postgres
async def test_people_are_found_by_an_index(database: AsyncEngine) -> None:
    async with driver(database) as connection:
        await connection.execute("SET enable_seqscan = off")
        plan = await connection.fetch(
            "EXPLAIN SELECT id FROM users WHERE searchable(name) LIKE searchable($1)".replace("$1", "'%محمّد%'")
        )

    assert any("ix_users_searchable" in row[0] for row in plan)


@pytest.mark.postgres
async def test_people_are_found_however_their_names_are_spelt_and_soon(database: AsyncEngine) -> None:  # ADM-02
    async with driver(database) as connection:
        await connection.execute(
            """
            INSERT INTO users (id, academy_id, email, name, password_hash, zone, locale, status, created_at, version)
            SELECT gen_random_uuid(), (SELECT id FROM academies), 'u' || n || '@example.org',
                   CASE WHEN n = 5000 THEN 'فاطِمة الزهراء' ELSE 'Person ' || n END, 'x', 'UTC', 'en', 'active',
                   now() - n * interval '1 minute', 1
              FROM generate_series(1, 10000) n
            """
        )
        await connection.execute("ANALYZE users")
    people = SqlPeople(database)

    await people.search("warm up")
    began = perf_counter()
    found = await people.search("فاطمه الزهرا")
    took = perf_counter() - began

    assert [person.name for person in found.items] == ["فاطِمة الزهراء"]
    assert took < 0.2
    assert len((await people.search("", limit=20)).items) == 20
    assert [person.email for person in (await people.search("U4999@EXAMPLE")).items] == ["u4999@example.org"]
