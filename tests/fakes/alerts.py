"""Alerts in memory, and what a machine may look like."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from domain.oversight.alert import Alert, Status
from ports.oversight.alerts import Backlogged
from ports.paging import Page, decode_cursor, page_of


class MemoryAlertLog:
    def __init__(self) -> None:
        self.all: dict[object, Alert] = {}
        self._busy = False

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        mine, self._busy = not self._busy, True
        try:
            yield mine
        finally:
            self._busy = self._busy and not mine

    async def open(self) -> Sequence[Alert]:
        found = [alert for alert in self.all.values() if alert.status is not Status.CLOSED]
        return sorted(found, key=lambda alert: (alert.since, alert.id))

    async def past(self, *, cursor: str | None = None, limit: int = 50) -> Page[Alert]:
        before = decode_cursor(cursor, tuple[datetime, UUID])
        closed = [alert for alert in self.all.values() if alert.status is Status.CLOSED]
        found = [alert for alert in closed if before is None or (alert.since, alert.id) < before]
        return page_of(sorted(found, key=lambda alert: (alert.since, alert.id), reverse=True), limit, "since", "id")

    async def add(self, alert: Alert) -> bool:
        if any(each.key == alert.key for each in await self.open()):
            return False
        self.all[alert.id] = alert
        return True

    async def move(self, alert: Alert, *, was: Status) -> bool:
        if alert.id not in self.all or self.all[alert.id].status is not was:
            return False
        self.all[alert.id] = alert
        return True


class MemoryMeasures:
    def __init__(self, *backlogs: Backlogged) -> None:
        self.found = list(backlogs)

    async def backlogs(self, now: datetime) -> Sequence[Backlogged]:
        return self.found
