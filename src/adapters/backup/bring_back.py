"""Brings a backup back: into a database beside the one in use, compared row by row, and only then put in its place.

Whatever goes wrong on the way, the database in use is as it was. It is not dropped afterwards either: it is renamed.
"""

import asyncio
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import make_url

from adapters.backup import folder as on_disk
from adapters.backup.errors import BackupFailed
from adapters.backup.folder import DUMP, FILES, Manifest
from adapters.backup.make import plain_url
from adapters.backup.seals import differences, seals_of
from adapters.backup.tools import PostgresTools

_OTHERS: Final = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """``kept``: what the database that was in use is called now; "" where there was none, or it was a drill."""

    manifest: Manifest
    tables: int
    kept: str = ""
    files_kept: Path | None = None


class BringBack:
    """``url``: of the database to put in place. Its role may create databases. Raises BackupFailed."""

    def __init__(self, url: str, files: Path | None, tools: PostgresTools) -> None:
        self._url, self._files, self._tools = url, files, tools
        self._name = make_url(url).database or ""

    async def drill(self, folder: Path, at: datetime) -> Restored:
        """Into a database of its own, which is dropped again."""
        manifest = on_disk.read_manifest(folder)
        await asyncio.to_thread(on_disk.check_contents, folder, manifest)
        beside = f"{self._name}_drill_{on_disk.name_of(at).lower()}"
        try:
            await self._fill(beside, folder, manifest)
        finally:
            await self._administer(f'DROP DATABASE IF EXISTS "{beside}" WITH (FORCE)')
        return Restored(manifest=manifest, tables=len(manifest.seals))

    async def __call__(self, folder: Path, at: datetime) -> Restored:
        """Raises BackupFailed while anybody is connected to the database in use."""
        manifest = on_disk.read_manifest(folder)
        await asyncio.to_thread(on_disk.check_contents, folder, manifest)
        await self._require_nobody()
        stamp = on_disk.name_of(at).lower()
        beside, kept = f"{self._name}_restored_{stamp}", f"{self._name}_before_{stamp}"
        try:
            await self._fill(beside, folder, manifest)
            files_beside = await asyncio.to_thread(self._files_beside, folder, manifest, stamp)
            existed = await self._swap(beside, kept)
        except BaseException:
            with suppress(asyncpg.PostgresError, OSError):
                await self._administer(f'DROP DATABASE IF EXISTS "{beside}" WITH (FORCE)')
            raise
        files_kept = self._swap_files(files_beside, stamp) if files_beside is not None else None
        return Restored(
            manifest=manifest, tables=len(manifest.seals), kept=kept if existed else "", files_kept=files_kept
        )

    async def _fill(self, beside: str, folder: Path, manifest: Manifest) -> None:
        await self._administer(f'DROP DATABASE IF EXISTS "{beside}" WITH (FORCE)')
        await self._administer(f"CREATE DATABASE \"{beside}\" TEMPLATE template0 ENCODING 'UTF8'")
        url = _with_database(self._url, beside)
        arguments = ("--exit-on-error", "--no-owner", "--no-privileges", f"--dbname={beside}", str(folder / DUMP))
        await self._tools.run("pg_restore", *arguments, url=url)
        connection = await asyncpg.connect(plain_url(url))
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                wrong = differences(manifest.seals, await seals_of(connection))
        finally:
            await connection.close()
        if wrong:
            raise BackupFailed(f"what came back is not what was kept: {'; '.join(wrong[:5])}")

    async def _require_nobody(self) -> None:
        connection = await self._maintenance()
        try:
            count = await connection.fetchval(_OTHERS, self._name)
        finally:
            await connection.close()
        if count:
            raise BackupFailed(f"{count} connections use the database {self._name}; stop the school first")

    async def _swap(self, beside: str, kept: str) -> bool:
        """Both renames in one transaction: there is always one database of that name. True when there was one."""
        connection = await self._maintenance()
        try:
            async with connection.transaction():
                existed = await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", self._name)
                if existed:
                    await connection.execute(f'ALTER DATABASE "{self._name}" RENAME TO "{kept}"')
                await connection.execute(f'ALTER DATABASE "{beside}" RENAME TO "{self._name}"')
        except asyncpg.ObjectInUseError as error:
            raise BackupFailed(f"somebody uses the database {self._name}; stop the school first") from error
        finally:
            await connection.close()
        return bool(existed)

    def _files_beside(self, folder: Path, manifest: Manifest, stamp: str) -> Path | None:
        if self._files is None or manifest.files_elsewhere:
            return None
        beside = self._files.with_name(f"{self._files.name}.restored-{stamp}")
        shutil.rmtree(beside, ignore_errors=True)
        if on_disk.copy_tree(folder / FILES, beside) != manifest.files:
            raise BackupFailed(f"the files of {folder} did not arrive as they were")
        return beside

    def _swap_files(self, beside: Path, stamp: str) -> Path | None:
        assert self._files is not None  # noqa: S101 - for the type checker
        kept = None
        if self._files.exists():
            kept = self._files.with_name(f"{self._files.name}.before-{stamp}")
            self._files.rename(kept)
        beside.rename(self._files)
        return kept

    async def _administer(self, statement: str) -> None:
        connection = await self._maintenance()
        try:
            await connection.execute(statement)
        except asyncpg.InsufficientPrivilegeError as error:
            raise BackupFailed(f"the database role may not do that: {error}; it needs CREATEDB") from error
        finally:
            await connection.close()

    async def _maintenance(self) -> "asyncpg.Connection[Any]":
        return await asyncpg.connect(plain_url(_with_database(self._url, "postgres")))


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)
