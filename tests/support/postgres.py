"""One throwaway PostgreSQL server per test run, shared by all workers, with a migrated template to clone from."""

import asyncio
import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.engine import new_engine
from adapters.persistence.migrate import upgrade
from entrypoints.embedded.postgres import EmbeddedPostgres
from entrypoints.embedded.processes import command_of, wait_until_gone

TEMPLATE = "halaqa_template"
KEPT_ROWS = ("academies", "audit_head")
"""What a migrated database holds from the start."""
ROOMY_BYTES = 18_000_000
"""A database that has grown beyond that is not worth cleaning."""
_STATE = """
    SELECT jsonb_build_array(
        (SELECT jsonb_build_array(count(*), max(oid::bigint), sum(relnatts)) FROM pg_class
          WHERE relnamespace = 'public'::regnamespace),
        (SELECT jsonb_build_array(count(*), max(oid::bigint)) FROM pg_attrdef),
        (SELECT jsonb_build_array(count(*), max(oid::bigint)) FROM pg_proc),
        (SELECT jsonb_build_array(count(*), max(oid::bigint)) FROM pg_constraint),
        (SELECT jsonb_build_array(count(*), max(oid::bigint), string_agg(tgenabled::text, '')) FROM pg_trigger),
        (SELECT count(*) FROM pg_db_role_setting)
    )::text
"""
"""Differs as soon as somebody has changed the schema."""
_SIZE = "SELECT pg_database_size(current_database())"
_LEAVE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
_EMPTY = """
    DO $$ DECLARE item record; filled boolean; BEGIN
        FOR item IN SELECT oid::regclass AS name FROM pg_class
                     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version' LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM %s)', item.name) INTO filled;
            IF filled THEN EXECUTE format('DELETE FROM %s', item.name); END IF;
        END LOOP;
        FOR item IN SELECT format('%I.%I', schemaname, sequencename)::regclass AS name, start_value
                      FROM pg_sequences WHERE last_value IS NOT NULL LOOP
            PERFORM setval(item.name, item.start_value, false);
        END LOOP;
    END $$
"""
FOLDERS = Path(tempfile.gettempdir()) / f"halaqa-tests-{os.geteuid()}"


class TestPostgres:
    """``url`` leads to the migrated template, which must not be written to: clone it."""

    __test__ = False

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server
        self._clean: list[str] = []
        self._state = ""
        self._rows: dict[str, list[asyncpg.Record]] = {}

    @property
    def url(self) -> str:
        return self.server.url(TEMPLATE)

    def url_of(self, name: str) -> str:
        return self.server.url(name)

    async def administer(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.server.url("postgres", driver="postgresql"))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def clone(self, template: str = TEMPLATE) -> str:
        """The name of a new database."""
        name = f"t_{uuid4().hex}"
        await self.administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    async def borrow(self) -> str:
        """The name of a database as good as new, for one test: a copy takes ten times as long as cleaning up does."""
        if self._clean:
            return self._clean.pop()
        name = await self.clone()
        if not self._state:
            await self._remember(name)
        return name

    async def give_back(self, name: str) -> None:
        """Ends whoever is still connected. A database with another schema, or a big one, is dropped."""
        connection = await asyncpg.connect(self.server.url(name, driver="postgresql"))
        try:
            await connection.execute(_LEAVE, name)
            clean = await connection.fetchval(_STATE) == self._state
            if clean := clean and await connection.fetchval(_SIZE) < ROOMY_BYTES:
                await self._wipe(connection)
        finally:
            await connection.close()
        if clean:
            self._clean.append(name)
        else:
            await self.drop(name)

    async def _remember(self, name: str) -> None:
        """What a new database is like. The template itself cannot be asked: nobody could copy it meanwhile."""
        connection = await asyncpg.connect(self.server.url(name, driver="postgresql"))
        try:
            self._rows = {table: await connection.fetch(f"TABLE {table}") for table in KEPT_ROWS}
            self._state = await connection.fetchval(_STATE)
        finally:
            await connection.close()

    async def _wipe(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Below the triggers: some of them forbid that anything is taken away."""
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(_EMPTY)
            for table, rows in self._rows.items():
                await connection.copy_records_to_table(
                    table, records=[tuple(row) for row in rows], columns=list(rows[0].keys())
                )

    async def empty(self) -> str:
        return await self.clone("template0")

    async def drop(self, name: str) -> None:
        await self.administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def make_template(self) -> None:
        await self.administer(f'DROP DATABASE IF EXISTS "{TEMPLATE}"', f'CREATE DATABASE "{TEMPLATE}"')
        await upgrade(self.url)

    def engine(self, name: str, pool_size: int = 8) -> AsyncEngine:
        return new_engine(self.url_of(name), pool_size=pool_size, name="halaqa-test")


@contextmanager
def shared_server(run: str) -> Iterator[TestPostgres]:
    """The server of this test run, started by whoever comes first.

    Every worker keeps a shared lock while it uses the server; whoever leaves last stops it. A run that was killed
    leaves a folder that nobody has locked, and the next run clears it away.
    """
    FOLDERS.mkdir(mode=0o711, exist_ok=True)
    folder = FOLDERS / run
    with ExitStack() as stack:
        with _door():
            # Opened behind the door: whoever leaves last removes the file, and a lock on a removed file locks nothing.
            users = stack.enter_context((FOLDERS / f"{run}.users").open("a"))
            fcntl.flock(users, fcntl.LOCK_SH)
            _clear_abandoned()
            postgres = TestPostgres(EmbeddedPostgres(folder, throwaway=True, follow_parent=False))
            if not (folder / "ready").exists():
                _prepare(postgres, folder)
        try:
            yield postgres
        finally:
            with _door():
                fcntl.flock(users, fcntl.LOCK_UN)
                _clear_abandoned()


def _prepare(postgres: TestPostgres, folder: Path) -> None:
    folder.mkdir(mode=0o711, exist_ok=True)
    postgres.server.start()
    postgres.server.let_go()
    # In a thread of its own: there may be an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, postgres.make_template()).result()
    (folder / "ready").touch()


@contextmanager
def _door() -> Iterator[None]:
    """One process at a time starts or stops servers."""
    with (FOLDERS / "door").open("a") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def _clear_abandoned() -> None:
    for marker in FOLDERS.glob("*.users"):
        with marker.open("a") as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _remove(marker.with_suffix(""))
            marker.unlink(missing_ok=True)


def _remove(folder: Path) -> None:
    try:
        pid = int((folder / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        pid = 0
    if pid and "postgres" in command_of(pid):
        os.kill(pid, signal.SIGQUIT)
        wait_until_gone(pid, 10)
    shutil.rmtree(EmbeddedPostgres(folder).sockets, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
