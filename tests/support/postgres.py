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
FOLDERS = Path(tempfile.gettempdir()) / f"halaqa-tests-{os.geteuid()}"


class TestPostgres:
    """``url`` leads to the migrated template, which must not be written to: clone it."""

    __test__ = False

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server

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
