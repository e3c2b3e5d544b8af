"""The database and Redis that the settings ask for: external ones as they are, embedded ones for what is missing."""

import asyncio
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

import asyncpg
import msgspec

from entrypoints.embedded.folders import CannotStart, writable_folder
from entrypoints.embedded.postgres import EmbeddedPostgres
from entrypoints.embedded.valkey import EmbeddedValkey
from entrypoints.settings import Settings

DATABASE: Final = "halaqa"


class Services:
    """``start`` and ``stop`` touch only what is embedded. One at a time over one data folder: hold ``owning`` first."""

    def __init__(self, settings: Settings) -> None:
        self.postgres = None if settings.database_url else _postgres(settings)
        self.valkey = None if settings.redis_url else EmbeddedValkey(settings.data)
        self.settings = msgspec.structs.replace(
            settings,
            database_url=self.postgres.url(DATABASE) if self.postgres else settings.database_url,
            redis_url=self.valkey.url if self.valkey else settings.redis_url,
        )

    def start(self) -> None:
        """Raises CannotStart."""
        if self.valkey:
            self.valkey.start()
        if self.postgres:
            self.postgres.start()
            asyncio.run(_create_database(self.postgres))

    def stop(self) -> None:
        if self.valkey:
            self.valkey.stop()
        if self.postgres:
            self.postgres.stop(2.5)
        for server in (self.valkey, self.postgres):
            if server and not server.sockets.is_relative_to(self.settings.data):
                shutil.rmtree(server.sockets, ignore_errors=True)


def _postgres(settings: Settings) -> EmbeddedPostgres:
    if not settings.point_in_time:
        return EmbeddedPostgres(settings.data)
    from entrypoints.embedded.point_in_time import archiving

    return EmbeddedPostgres(settings.data, options=lambda: archiving(settings.data))


async def _create_database(postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(postgres.url("postgres", driver="postgresql"))
    try:
        with suppress(asyncpg.DuplicateDatabaseError):
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await connection.close()


class AlreadyRunning(CannotStart):
    """Somebody else holds the data folder."""


@contextmanager
def owning(data: Path) -> Iterator[None]:
    """Raises AlreadyRunning, CannotStart. The kernel gives the lock back when its holder dies, however it dies."""
    writable_folder(data)
    with (data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"{data} is in use{_by_whom(lock)}; stop it, or set HALAQA_DATA_DIR") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _by_whom(lock: IO[str]) -> str:
    lock.seek(0)
    pid = lock.read().strip()
    return f" by process {pid}" if pid else ""


@contextmanager
def services(settings: Settings) -> Iterator[Settings]:
    """For single commands: uses what runs already, else starts it for as long as the command takes."""
    wanted = Services(settings)
    if wanted.postgres is None and wanted.valkey is None:
        yield wanted.settings
        return
    try:
        with owning(settings.data):
            try:
                wanted.start()
                yield wanted.settings
            finally:
                wanted.stop()
    except AlreadyRunning:
        yield wanted.settings
