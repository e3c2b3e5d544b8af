"""What a backup looks like on disk: ``database.dump``, ``files/…`` and ``manifest.json``, which names and seals both.

A backup is made under a name that ends in ``.part`` and renamed when it is complete: what has no such ending is whole.
"""

import hashlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from adapters.backup.errors import BackupFailed
from adapters.backup.seals import Seal

DUMP: Final = "database.dump"
FILES: Final = "files"
MANIFEST: Final = "manifest.json"
PART: Final = ".part"
_NAME: Final = "%Y%m%dT%H%M%SZ"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """``at``: the moment whose state it holds. ``files``: SHA-256 by path. ``revision``: of the schema."""

    at: datetime
    server: str
    revision: str
    dump_sha256: str
    seals: dict[str, Seal]
    files: dict[str, str]
    files_elsewhere: bool = False

    @property
    def rows(self) -> int:
        return sum(seal.rows for seal in self.seals.values())


def name_of(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_NAME)


def moment_of(folder: Path) -> datetime | None:
    """None for what is no whole backup."""
    try:
        return datetime.strptime(folder.name, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def whole_ones(parent: Path) -> list[Path]:
    """Oldest first."""
    if not parent.is_dir():
        return []
    return sorted(one for one in parent.iterdir() if moment_of(one) is not None and (one / MANIFEST).exists())


def read_manifest(folder: Path) -> Manifest:
    """Raises BackupFailed."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except OSError as error:
        raise BackupFailed(f"{folder} is no backup: {MANIFEST} cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BackupFailed(f"{folder}/{MANIFEST} is damaged: {error}") from error


def check_contents(folder: Path, manifest: Manifest) -> None:
    """Every byte is as it was written. Raises BackupFailed."""
    if sha256_of(folder / DUMP) != manifest.dump_sha256:
        raise BackupFailed(f"{folder / DUMP} is damaged; use another backup")
    for path, digest in manifest.files.items():
        if sha256_of(folder / FILES / path) != digest:
            raise BackupFailed(f"{folder / FILES / path} is damaged or missing; use another backup")


def copy_tree(source: Path, target: Path) -> dict[str, str]:
    """SHA-256 by path of everything below ``source``. What vanishes meanwhile was removed on purpose."""
    found: dict[str, str] = {}
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.rglob("*")) if source.is_dir() else []:
        if path.is_symlink() or not path.is_file():
            continue
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(path, copy)
        except FileNotFoundError:
            continue
        found[str(path.relative_to(source))] = sha256_of(copy)
    return found


def sha256_of(path: Path) -> str:
    """ "" for what is not there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def close_to_others(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def flush_all(folder: Path) -> None:
    """Onto the disk itself, before the name says that it is whole."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
