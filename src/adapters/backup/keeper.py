"""Backups as the worker makes them: in one folder, the newest few kept."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from adapters.backup.errors import BackupFailed
from adapters.backup.folder import moment_of, whole_ones
from adapters.backup.make import MakeBackup, prune
from ports.oversight.backups import BackupsFailed


class BackupKeeper:
    """``keep`` 0: none are made. ``beside``: what else is done each time, in a thread."""

    def __init__(
        self, make: MakeBackup, parent: Path, keep: int, beside: Callable[[datetime], object] | None = None
    ) -> None:
        self._make, self._parent, self._keep, self._beside = make, parent, keep, beside

    @property
    def wanted(self) -> bool:
        return self._keep > 0

    async def newest(self) -> datetime | None:
        found = await asyncio.to_thread(whole_ones, self._parent)
        return moment_of(found[-1]) if found else None

    async def make(self, at: datetime) -> int:
        try:
            await self._make(at)
            if self._beside is not None:
                await asyncio.to_thread(self._beside, at)
            return len(await asyncio.to_thread(prune, self._parent, self._keep))
        except (BackupFailed, OSError) as error:
            raise BackupsFailed(str(error)) from error
