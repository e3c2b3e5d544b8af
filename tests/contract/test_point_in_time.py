"""The embedded database as it was at any minute. (OPS-05)"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from adapters.backup.errors import BackupFailed
from adapters.backup.seals import Seal, seals_of
from entrypoints.embedded.point_in_time import archiving, as_of, bases, put_in_place, take_base
from entrypoints.embedded.postgres import EmbeddedPostgres

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


def run(url: str, *statements: str) -> tuple[datetime, dict[str, Seal]]:
    """What the clock of the database says afterwards, and its seals."""

    async def work() -> tuple[datetime, dict[str, Seal]]:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
            async with connection.transaction():
                return await connection.fetchval("SELECT clock_timestamp()"), await seals_of(connection)
        finally:
            await connection.close()

    return asyncio.run(work())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    folder = tmp_path / "a school's data"
    embedded = EmbeddedPostgres(folder, options=lambda: archiving(folder))
    embedded.start()
    yield embedded
    embedded.stop()


def plain(server: EmbeddedPostgres) -> str:
    return server.url("postgres", driver="postgresql")


def test_any_moment_since_the_base_copy_comes_back_row_by_row(server: EmbeddedPostgres, tmp_path: Path) -> None:
    folder, url = server.data.parent, plain(server)
    run(url, "CREATE TABLE lessons (id int PRIMARY KEY, who text)", "INSERT INTO lessons VALUES (1, 'Amina')")
    take_base(url, folder, datetime.now(UTC))
    moment, kept = run(url, "INSERT INTO lessons SELECT n, 'آمنة' FROM generate_series(2, 500) AS n")
    run(url, "SELECT pg_sleep(0.05)", "DELETE FROM lessons", "DROP TABLE lessons", "SELECT pg_switch_wal()")
    _until_archived(url)

    with as_of(folder, moment, tmp_path / "scratch") as past:
        assert run(plain(past))[1] == kept
        assert kept["public.lessons"].rows == 500
    assert run(url)[1] == {}  # the one in use is as it was

    server.stop()
    old = put_in_place(folder, tmp_path / "scratch", datetime.now(UTC))
    server.start()

    assert run(url)[1] == kept
    assert (old / "PG_VERSION").exists()
    assert bases(folder) == []


def test_the_newest_moment_is_there_although_its_log_is_not_archived_yet(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    folder, url = server.data.parent, plain(server)
    take_base(url, folder, datetime.now(UTC))
    _, kept = run(url, "CREATE TABLE lessons (id int)", "INSERT INTO lessons VALUES (114)")

    with as_of(folder, datetime.now(UTC) + timedelta(minutes=1), tmp_path / "scratch") as past:
        assert run(plain(past))[1] == kept


def test_a_moment_before_the_first_base_copy_is_refused(server: EmbeddedPostgres, tmp_path: Path) -> None:
    folder = server.data.parent
    take_base(plain(server), folder, datetime.now(UTC))

    with (
        pytest.raises(BackupFailed, match="no base copy from before"),
        as_of(folder, datetime.now(UTC) - timedelta(days=1), tmp_path / "scratch"),
    ):
        pass


def test_only_what_the_newest_base_copies_need_is_kept(server: EmbeddedPostgres) -> None:
    folder, url, now = server.data.parent, plain(server), datetime.now(UTC)
    made = []
    for number in range(3):
        run(url, "SELECT pg_switch_wal()", "CREATE TABLE IF NOT EXISTS t (n int)", "INSERT INTO t VALUES (1)")
        made.append(take_base(url, folder, now + timedelta(seconds=number), keep=2))
    run(url, "SELECT pg_switch_wal()")
    _until_archived(url)

    assert bases(folder) == made[1:]
    first = (made[1] / "backup_label").read_text().splitlines()[0].rpartition("(file ")[2].rstrip(")")
    assert min(one.name for one in (folder / "wal").iterdir() if len(one.name) == 24) >= first


def _until_archived(url: str) -> None:
    async def wait() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("SELECT pg_logical_emit_message(true, 'something', 'to switch for')")
            last = await connection.fetchval("SELECT pg_walfile_name(pg_switch_wal())")
            async with asyncio.timeout(20):
                while (await connection.fetchval("SELECT last_archived_wal FROM pg_stat_archiver") or "") < last:
                    await connection.fetchval("SELECT pg_sleep(0.05)")
        finally:
            await connection.close()

    asyncio.run(wait())
