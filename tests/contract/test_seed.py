"""OPS-18: the demo school is believable, complete, and its books balance to the last posting."""

from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.statement import driver
from application.identity.academies import NewAcademy
from domain.booking.booking import Status
from entrypoints.operations import found_academy, verify_ledger
from entrypoints.seed.accounts import ACCOUNTS
from entrypoints.seed.plant import NotEmpty, plant
from entrypoints.settings import Settings, load
from ports.academy import within

pytestmark = pytest.mark.slow


def settings_for(database_url: str, folder: Path) -> Settings:
    environ = {
        "HALAQA_DATABASE_URL": database_url,
        "HALAQA_REDIS_URL": "redis://127.0.0.1:1/0",
        "HALAQA_DATA_DIR": str(folder),
        # Nobody listens there: the provider is asked in this process.
        "HALAQA_SANDBOX_URL": "http://127.0.0.1:9",
    }
    return load(environ)


async def test_the_demo_school_is_large_varied_and_balanced(database_url: str, tmp_path: Path) -> None:
    settings = settings_for(database_url, tmp_path)

    planted = await plant(settings, number=114, say=lambda step: None)

    assert (planted.qaris, planted.students) == (60, 300)
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        assert await connection.fetchval("SELECT count(DISTINCT zone) FROM qaris") >= 12
        assert await connection.fetchval("SELECT count(DISTINCT gender) FROM qaris") == 2
        assert await connection.fetchval("SELECT count(DISTINCT booking_mode) FROM qaris") == 2
        assert await connection.fetchval("SELECT count(DISTINCT currency) FROM qari_offers") >= 8
        assert await connection.fetchval("SELECT count(DISTINCT r) FROM qaris, unnest(riwayat) r") >= 4
        assert await connection.fetchval("SELECT count(DISTINCT l) FROM qaris, unnest(languages) l") >= 6
        found = {row["status"] for row in await connection.fetch("SELECT DISTINCT status FROM bookings")}
        assert found >= {status.value for status in Status if status is not Status.NO_SHOW_TEACHER}
        span = await connection.fetchval("SELECT max(starts_at) - min(starts_at) FROM bookings")
        assert span.days > 90
        emails = {row["email"] for row in await connection.fetch("SELECT email FROM users")}
        assert {account.email for account in ACCOUNTS} <= emails
    finally:
        await connection.close()
    report = await verify_ledger(settings)
    assert report.mismatches == []
    assert report.unreachable == []
    assert report.journals > planted.payments


async def test_every_academy_can_have_a_demo_school_of_its_own(database_url: str, tmp_path: Path) -> None:
    # ADM-10
    settings = settings_for(database_url, tmp_path)
    owner = NewAcademy(name="Dar al-Hifz", owner_email="owner@elsewhere.example")
    other = await found_academy(settings, owner)
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    await connection.execute("DELETE FROM user_roles; DELETE FROM users")
    await plant(settings, number=1, say=lambda step: None)

    with within(other.id):
        await plant(settings, number=1, say=lambda step: None)

    assert await connection.fetchval("SELECT count(DISTINCT academy_id) FROM bookings") == 2
    count = "SELECT count(*) FROM bookings b JOIN users u ON u.id = b.learner_id WHERE u.academy_id <> b.academy_id"
    assert await connection.fetchval(count) == 0
    await connection.close()


async def test_a_school_with_people_in_it_is_left_alone(
    database_url: str, database: AsyncEngine, tmp_path: Path
) -> None:
    settings = settings_for(database_url, tmp_path)
    await plant(settings, number=1, say=lambda step: None)
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    before = await connection.fetch("SELECT id, starts_at, status FROM bookings ORDER BY id")

    with pytest.raises(NotEmpty):
        await plant(settings, number=1, say=lambda step: None)

    assert await connection.fetch("SELECT id, starts_at, status FROM bookings ORDER BY id") == before
    await connection.close()
    async with driver(database) as other:
        assert await other.fetchval("SELECT count(*) FROM users") == 0
