"""Keeps the school every night, without anybody thinking of it. (OPS-05)"""

from datetime import datetime, timedelta
from typing import Final

import structlog

from domain.time import zone_of
from ports.clock import Clock
from ports.oversight.backups import Backups

NIGHT: Final = range(2, 5)
"""Hours of the school's own clock."""
FRESH: Final = timedelta(hours=12)
LATE: Final = timedelta(hours=26)
"""After so long it is made at any hour: the machine may sleep at night."""
log: Final = structlog.get_logger(__name__)


class BackUp:
    """How many were made. Raises BackupsFailed, which the jobs' page shows."""

    def __init__(self, clock: Clock, backups: Backups, zone: str) -> None:
        self._clock, self._backups, self._zone = clock, backups, zone

    async def __call__(self) -> int:
        now = self._clock.now()
        if not self._backups.wanted or not self._is_due(now, await self._backups.newest()):
            return 0
        removed = await self._backups.make(now)
        log.info("backed_up", removed=removed)
        return 1

    def _is_due(self, now: datetime, newest: datetime | None) -> bool:
        if newest is None or now - newest >= LATE:
            return True
        return now - newest >= FRESH and now.astimezone(zone_of(self._zone)).hour in NIGHT
