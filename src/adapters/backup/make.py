"""Takes a backup while the school is open: database, seals and dump are all of one moment."""

import asyncio
import shutil
from datetime import datetime
from pathlib import Path

import asyncpg
import msgspec

from adapters.backup import folder as on_disk
from adapters.backup.errors import BackupFailed
from adapters.backup.folder import DUMP, FILES, MANIFEST, PART, Manifest
from adapters.backup.seals import seals_of
from adapters.backup.tools import PostgresTools


def plain_url(url: str) -> str:
    """For asyncpg, which does not know SQLAlchemy's names of drivers."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


class MakeBackup:
    """``files``: the folder of uploaded documents; None where they lie in a bucket, whose versions are its owner's
    business.
    """

    def __init__(self, url: str, files: Path | None, parent: Path, tools: PostgresTools) -> None:
        self._url, self._files, self._parent, self._tools = url, files, parent, tools

    async def __call__(self, at: datetime) -> Path:
        """Raises BackupFailed; what was half made is removed then."""
        target = self._parent / on_disk.name_of(at)
        part = target.with_name(target.name + PART)
        try:
            self._parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(mode=0o700)
            await self._fill(part, at)
            await asyncio.to_thread(on_disk.flush_all, part)
            part.rename(target)
        except OSError as error:
            shutil.rmtree(part, ignore_errors=True)
            raise BackupFailed(f"{error.filename or part}: {error.strerror or error}") from error
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        return target

    async def _fill(self, part: Path, at: datetime) -> None:
        connection = await asyncpg.connect(plain_url(self._url))
        try:
            # Everybody who imports the snapshot sees the database as it is now, whatever is written meanwhile.
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
                server = await connection.fetchval("SHOW server_version")
                revision = await connection.fetchval("SELECT version_num FROM alembic_version")
                dumping = asyncio.create_task(self._dump(part / DUMP, snapshot))
                try:
                    seals = await seals_of(connection)
                finally:
                    await asyncio.wait([dumping])
                await dumping
        finally:
            await connection.close()
        # A document is stored before the row that names it, so all that the rows name are here.
        files = await asyncio.to_thread(on_disk.copy_tree, self._files, part / FILES) if self._files else {}
        manifest = Manifest(
            at=at,
            server=server,
            revision=revision,
            dump_sha256=await asyncio.to_thread(on_disk.sha256_of, part / DUMP),
            seals=seals,
            files=files,
            files_elsewhere=self._files is None,
        )
        written = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        (part / MANIFEST).write_bytes(written + b"\n")
        await asyncio.to_thread(on_disk.close_to_others, part)

    async def _dump(self, target: Path, snapshot: str) -> None:
        await self._tools.run(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={snapshot}",
            f"--file={target}",
            url=self._url,
        )


def prune(parent: Path, keep: int) -> list[Path]:
    """Removes all but the ``keep`` newest; answers what went."""
    old = on_disk.whole_ones(parent)[:-keep] if keep > 0 else []
    for one in old:
        shutil.rmtree(one)
    return old
