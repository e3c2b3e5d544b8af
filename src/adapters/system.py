"""The machine's own clock, ids and disk."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from uuid_utils.compat import uuid7

from ports.oversight.health import DiskSpace


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def new_id() -> UUID:
    """Version 7: sorts by the time it was made."""
    return uuid7()


class DataDisk:
    """The disk that holds a folder, or will hold it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __call__(self) -> DiskSpace:
        return await asyncio.to_thread(self._look)

    def _look(self) -> DiskSpace:
        place = next(each for each in (self._folder, *self._folder.parents) if each.exists())
        usage = shutil.disk_usage(place)
        return DiskSpace(usage.total, usage.free)
