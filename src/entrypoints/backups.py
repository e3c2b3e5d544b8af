"""Backups of the installation that the settings describe."""

from pathlib import Path

from adapters.backup.bring_back import BringBack
from adapters.backup.keeper import BackupKeeper
from adapters.backup.make import MakeBackup
from adapters.backup.tools import PostgresTools
from entrypoints.embedded.folders import CannotStart
from entrypoints.embedded.postgres import binaries
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
    return BackupKeeper(backup_of(settings, None), folder_of(settings), settings.backup_keep)


def restore_into(settings: Settings) -> BringBack:
    return BringBack(settings.database_url, _files(settings), tools())


def _files(settings: Settings) -> Path | None:
    return settings.files if settings.storage == "disk" else None
