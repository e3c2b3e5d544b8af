"""PostgreSQL's own programs: those of the embedded server, else those on the PATH."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url

from adapters.backup.errors import BackupFailed

_SSL: Final = {"true": "require", "1": "require", "false": "disable", "0": "disable"}


class PostgresTools:
    """``folder``: where the programs lie; None for the PATH."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def path(self, name: str) -> str:
        """Raises BackupFailed."""
        found = self._folder / name if self._folder is not None else shutil.which(name)
        if not found or not Path(found).exists():
            raise BackupFailed(f"{name} was not found; install PostgreSQL's client programs, as new as the server")
        return str(found)

    async def run(self, name: str, *arguments: str, url: str) -> None:
        """The connection goes by environment, so that no list of processes shows a password. Raises BackupFailed with
        the program's last words.
        """
        process = await asyncio.create_subprocess_exec(
            self.path(name),
            *arguments,
            env={**os.environ, **environment(url)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, said = await process.communicate()
        except BaseException:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            words = said.decode(errors="replace").strip().splitlines()
            raise BackupFailed(f"{name} failed: {words[-1] if words else f'code {process.returncode}'}")


def environment(url: str) -> Mapping[str, str]:
    """A database address as libpq reads it."""
    told = make_url(url)
    given = {
        "PGHOST": told.host or _one(told, "host"),
        "PGPORT": str(told.port or _one(told, "port") or ""),
        "PGUSER": told.username or _one(told, "user"),
        "PGPASSWORD": told.password or _one(told, "password"),
        "PGDATABASE": told.database or "",
        "PGSSLMODE": _one(told, "sslmode") or _SSL.get(_one(told, "ssl"), _one(told, "ssl")),
    }
    return {name: value for name, value in given.items() if value}


def _one(url: URL, name: str) -> str:
    value = url.query.get(name, "")
    return value if isinstance(value, str) else value[0]
