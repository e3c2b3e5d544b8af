"""Backups of the installation that the settings describe."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import asyncpg

from adapters.backup.bring_back import BringBack
from adapters.backup.keeper import BackupKeeper
from adapters.backup.make import MakeBackup, plain_url
from adapters.backup.seals import Seal, seals_of
from adapters.backup.tools import PostgresTools
from entrypoints.embedded.folders import CannotStart
from entrypoints.embedded.point_in_time import as_of, put_in_place, take_base
from entrypoints.embedded.postgres import binaries
from entrypoints.embedded.services import DATABASE
from entrypoints.settings import Settings


def tools() -> PostgresTools:
    """The embedded server's programs are newer than most that lie about, so they go first."""
    try:
        return PostgresTools(binaries())
    except CannotStart:
        return PostgresTools()


def folder_of(settings: Settings) -> Path:
    return Path(settings.backup_dir).expanduser().absolute() if settings.backup_dir else settings.data / "backups"


def backup_of(settings: Settings, parent: Path | None) -> MakeBackup:
    return MakeBackup(settings.database_url, _files(settings), parent or folder_of(settings), tools())


def keeper_of(settings: Settings) -> BackupKeeper:
    return BackupKeeper(
        backup_of(settings, None),
        folder_of(settings),
        settings.backup_keep,
        base_copy_of(settings) if settings.point_in_time else None,
    )


def base_copy_of(settings: Settings) -> Callable[[datetime], Path]:
    """Of the embedded server, while it runs. Raises BackupFailed."""
    return lambda at: take_base(settings.database_url, settings.data, at)


def state_at(settings: Settings, at: datetime) -> dict[str, Seal]:
    """What the embedded database held at that moment, replayed in a scratch folder that goes away. Raises BackupFailed,
    CannotStart.
    """
    scratch = settings.data / "replayed"
    try:
        with as_of(settings.data, at, scratch) as server:
            return asyncio.run(_seals(server.url(DATABASE)))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def go_back(settings: Settings, at: datetime, now: datetime) -> tuple[dict[str, Seal], Path]:
    """Puts that state in the place of the embedded database, which must not run; also where the old one went."""
    scratch = settings.data / "replayed"
    with as_of(settings.data, at, scratch) as server:
        found = asyncio.run(_seals(server.url(DATABASE)))
    kept = put_in_place(settings.data, scratch, now)
    shutil.rmtree(scratch, ignore_errors=True)
    return found, kept


async def _seals(url: str) -> dict[str, Seal]:
    connection = await asyncpg.connect(plain_url(url))
    try:
        async with connection.transaction():
            return await seals_of(connection)
    finally:
        await connection.close()


def restore_into(settings: Settings) -> BringBack:
    return BringBack(settings.database_url, _files(settings), tools())


def _files(settings: Settings) -> Path | None:
    return settings.files if settings.storage == "disk" else None
