"""A school that was kept can be brought back, row by row as it was; a backup that cannot is found out. (OPS-05)"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest

from adapters.backup.bring_back import BringBack
from adapters.backup.errors import BackupFailed
from adapters.backup.folder import DUMP, FILES, MANIFEST, read_manifest, whole_ones
from adapters.backup.make import MakeBackup, prune
from adapters.backup.seals import Seal, differences, seals_of
from adapters.backup.tools import PostgresTools, environment
from entrypoints.embedded.postgres import binaries
from ports.academy import FIRST_ACADEMY
from support.postgres import TestPostgres

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
AT: Final = datetime(2026, 11, 21, 3, 15, tzinfo=UTC)
PEOPLE: Final = 200
_ADD: Final = """
    INSERT INTO users (id, email, name, password_hash, zone, locale, status, created_at, version, academy_id)
    SELECT gen_random_uuid(), $1 || n || '@example.org', 'آمنة ' || n, 'x', 'UTC', 'ar', 'active', now(), 1, $2
      FROM generate_series(1, $3) AS n
"""


class School:
    def __init__(self, name: str, url: str, folder: Path) -> None:
        self.name, self.url, self.files, self.backups = name, url, folder / "files", folder / "backups"
        tools = PostgresTools(binaries())
        self.make = MakeBackup(url, self.files, self.backups, tools)
        self.bring_back = BringBack(url, self.files, tools)

    async def connect(self) -> "asyncpg.Connection[Any]":
        return await asyncpg.connect(self.url.replace("+asyncpg", ""))

    async def add_people(self, prefix: str, count: int = PEOPLE) -> None:
        await self.run(_ADD, prefix, FIRST_ACADEMY, count)

    async def people(self) -> int:
        connection = await self.connect()
        try:
            return int(await connection.fetchval("SELECT count(*) FROM users"))
        finally:
            await connection.close()

    async def run(self, statement: str, *values: object) -> None:
        connection = await self.connect()
        try:
            await connection.execute(statement, *values)
        finally:
            await connection.close()


@pytest.fixture
async def school(postgres: TestPostgres, tmp_path: Path) -> AsyncIterator[School]:
    name = await postgres.clone()
    kept = School(name, postgres.url_of(name), tmp_path)
    kept.files.joinpath("ab").mkdir(parents=True)
    kept.files.joinpath("ab", "diploma").write_bytes(b"a diploma" * 1000)
    await kept.add_people("first")
    yield kept
    await postgres.drop(name)
    for left in await _like(postgres, name):
        await postgres.drop(left)


async def _like(postgres: TestPostgres, name: str) -> list[str]:
    connection = await asyncpg.connect(postgres.server.url("postgres", driver="postgresql"))
    rows = await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE $1", f"{name}_%")
    await connection.close()
    return [row[0] for row in rows]


async def test_what_was_kept_comes_back_and_what_was_there_is_kept_too(school: School, postgres: TestPostgres) -> None:
    backup = await school.make(AT)
    await school.add_people("later", 5)
    await school.run("DELETE FROM users WHERE email LIKE 'first1%'")
    school.files.joinpath("ab", "diploma").write_bytes(b"damaged")

    restored = await school.bring_back(backup, AT + timedelta(days=1))

    assert await school.people() == PEOPLE
    assert school.files.joinpath("ab", "diploma").read_bytes() == b"a diploma" * 1000
    assert restored.manifest.seals["public.users"].rows == PEOPLE
    assert restored.kept in await _like(postgres, school.name)
    assert restored.files_kept is not None
    assert restored.files_kept.joinpath("ab", "diploma").read_bytes() == b"damaged"


async def test_a_drill_changes_nothing(school: School, postgres: TestPostgres) -> None:
    backup = await school.make(AT)
    await school.add_people("later", 5)

    report = await school.bring_back.drill(backup, AT)

    assert (report.tables, report.kept) == (len(report.manifest.seals), "")
    assert report.tables > 40
    assert await school.people() == PEOPLE + 5
    assert await _like(postgres, school.name) == []


async def test_a_backup_under_load_is_of_one_moment(school: School) -> None:
    """Seals and dump see the same rows, however many are written between the two."""
    going = True

    async def write() -> int:
        count = 0
        while going:
            await school.add_people(uuid4().hex, 20)
            count += 1
        return count

    writer = asyncio.create_task(write())
    await asyncio.sleep(0.05)
    backup = await school.make(AT)
    going = False
    assert await writer > 1

    report = await school.bring_back.drill(backup, AT)

    assert report.manifest.seals["public.users"].rows < await school.people()


@pytest.mark.parametrize("what", [DUMP, f"{FILES}/ab/diploma", MANIFEST])
async def test_damage_is_found_before_anything_is_touched(school: School, what: str) -> None:
    backup = await school.make(AT)
    damaged = backup / what
    raw = damaged.read_bytes()
    damaged.write_bytes(raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 0xFF]) + raw[len(raw) // 2 + 1 :])

    with pytest.raises(BackupFailed, match="damaged"):
        await school.bring_back(backup, AT)

    assert await school.people() == PEOPLE


async def test_rows_that_are_not_as_they_were_are_named_and_the_school_stays(school: School) -> None:
    backup = await school.make(AT)
    manifest = (backup / MANIFEST).read_text()
    seal = read_manifest(backup).seals["public.users"]
    (backup / MANIFEST).write_text(manifest.replace(seal.digest, "1:1"))
    await school.add_people("later", 3)

    with pytest.raises(BackupFailed, match=r"public\.users has rows that are not as they were"):
        await school.bring_back(backup, AT)

    assert await school.people() == PEOPLE + 3


async def test_a_school_that_is_open_is_not_replaced(school: School) -> None:
    backup = await school.make(AT)
    visitor = await school.connect()
    try:
        with pytest.raises(BackupFailed, match="stop the school first"):
            await school.bring_back(backup, AT)
    finally:
        await visitor.close()


async def test_a_database_that_is_lost_whole_is_brought_back(school: School, postgres: TestPostgres) -> None:
    backup = await school.make(AT)
    await postgres.drop(school.name)

    restored = await school.bring_back(backup, AT)

    assert restored.kept == ""
    assert await school.people() == PEOPLE


async def test_a_disk_without_room_leaves_no_half_of_a_backup(school: School, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file where a folder is wanted")
    make = MakeBackup(school.url, school.files, taken / "backups", PostgresTools(binaries()))

    with pytest.raises(BackupFailed):
        await make(AT)

    broken = MakeBackup(school.url, school.files, school.backups, PostgresTools(tmp_path / "no programs"))
    with pytest.raises(BackupFailed, match="pg_dump was not found"):
        await broken(AT)
    assert whole_ones(school.backups) == []
    assert list(school.backups.iterdir()) == []


async def test_only_the_newest_are_kept_and_nobody_else_can_read_them(school: School) -> None:
    made = [await school.make(AT + timedelta(days=day)) for day in range(3)]

    assert prune(school.backups, 2) == made[:1]
    assert whole_ones(school.backups) == made[1:]
    assert {oct(path.stat().st_mode & 0o077) for path in made[2].rglob("*")} == {"0o0"}


async def test_a_seal_tells_one_changed_letter(school: School) -> None:
    connection = await school.connect()
    try:
        async with connection.transaction():
            before = await seals_of(connection)
        await connection.execute("UPDATE users SET name = 'Amina' WHERE email = 'first7@example.org'")
        async with connection.transaction():
            after = await seals_of(connection)
    finally:
        await connection.close()

    assert differences(before, before) == []
    assert differences(before, after) == ["public.users has rows that are not as they were"]


def test_what_differs_is_said_table_by_table() -> None:
    kept = {"public.a": Seal(1, "1:1"), "public.b": Seal(2, "2:2")}

    assert differences(kept, {"public.b": Seal(3, "2:2"), "public.c": Seal(0, "0:0")}) == [
        "public.a is missing",
        "public.c was not there",
        "public.b has 3 rows instead of 2",
    ]


def test_a_password_is_never_an_argument() -> None:
    told = environment("postgresql+asyncpg://amina:s%20cret@db.example:5433/school?ssl=require")

    assert told == {
        "PGHOST": "db.example",
        "PGPORT": "5433",
        "PGUSER": "amina",
        "PGPASSWORD": "s cret",
        "PGDATABASE": "school",
        "PGSSLMODE": "require",
    }
    assert environment("postgresql+asyncpg://halaqa@/school?host=/run/pg")["PGHOST"] == "/run/pg"
