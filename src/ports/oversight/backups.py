"""Copies of the school from which it can be brought back. (OPS-05)"""

from datetime import datetime
from typing import Protocol


class Backups(Protocol):
    @property
    def wanted(self) -> bool:
        """False where the installation makes none by itself."""
        ...

    async def newest(self) -> datetime | None:
        """The moment that the newest whole one holds."""
        ...

    async def make(self, at: datetime) -> int:
        """Makes one and removes those that are too many; how many went. Raises BackupsFailed."""
        ...


class BackupsFailed(Exception):
    """What went wrong, as one line."""
