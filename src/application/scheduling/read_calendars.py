"""The other calendars of Qaris are read over and over: what is new there counts within five minutes. (DISC-06)

Three steps that may be repeated: lend the calendar to one worker, ask whoever keeps it, store what he said. What was
removed or connected anew in between is left alone.
"""

import asyncio
from typing import Final

import structlog

from application.outbox.one_by_one import each_of
from domain.errors import NotFound, StaleWrite
from domain.ids import ConnectionId
from domain.scheduling.connection import Connection, Status
from ports.cipher import CannotOpen, Cipher
from ports.clock import Clock
from ports.errors import GatewayError, GatewayRefused
from ports.scheduling.connections import AccessLost, BusyRead, BusySources
from ports.unit_of_work import NewUnit

MOST: Final = 400
AT_ONCE: Final = 8
"""So many are waited for side by side: one that hangs does not hold up the others."""
log: Final = structlog.get_logger(__name__)


class ReadCalendar:
    """Answers the calendar as it stands now, read or not; None where it is gone or somebody else is at it."""

    def __init__(self, new_unit: NewUnit, clock: Clock, cipher: Cipher, busy_sources: BusySources) -> None:
        self._new_unit, self._clock, self._cipher, self._sources = new_unit, clock, cipher, busy_sources

    async def __call__(self, connection_id: ConnectionId) -> Connection | None:
        try:
            lent, zone = await self._lend(connection_id)
            if lent.sealed is None or lent.status is not Status.CONNECTED:
                return None
            return await self._keep(lent, await self._read(lent, zone))
        except (NotFound, StaleWrite):
            return None

    async def _lend(self, connection_id: ConnectionId) -> tuple[Connection, str]:
        async with self._new_unit() as unit:
            found = await unit.connections.get(connection_id)
            zone = (await unit.qaris.get(found.qari_id)).zone
            if found.status is Status.CONNECTED:
                found = found.lent(at=self._clock.now())
                await unit.connections.save(found)
            await unit.commit()
        return found, zone

    async def _read(self, lent: Connection, zone: str) -> BusyRead | GatewayError:
        now = self._clock.now()
        try:
            secret = self._cipher.open(lent.sealed or b"")
            return await self._sources[lent.source].read(secret, lent.cursor_for(now), lent.window(now), zone)
        except CannotOpen:
            return AccessLost(lent.source, "what opened it cannot be read any more", "sealed")
        except GatewayError as error:
            log.warning("calendar_not_read", source=lent.source.value, error=type(error).__name__)
            return error

    async def _keep(self, lent: Connection, found: BusyRead | GatewayError) -> Connection:
        now, told = self._clock.now(), None
        if isinstance(found, BusyRead):
            following = lent.read(at=now, cursor=found.cursor, whole=found.whole, label=found.label)
        elif isinstance(found, GatewayRefused):
            final = isinstance(found, AccessLost)
            following, told = lent.refused(found.code or "refused", at=now, final=final)
        else:
            following, told = lent.failed("no_answer", at=now)
        async with self._new_unit() as unit:
            await unit.connections.save(following)
            if isinstance(found, BusyRead):
                await unit.connections.keep_busy(following, found)
            if told is not None:
                unit.record(told)
            await unit.commit()
        return following


class ReadCalendars:
    """Sweep: those that are due. Answers how many were looked at."""

    def __init__(self, new_unit: NewUnit, clock: Clock, read_calendar: ReadCalendar) -> None:
        self._new_unit, self._clock, self._read_calendar = new_unit, clock, read_calendar

    async def __call__(self) -> int:
        async with self._new_unit() as unit:
            due = await unit.connections.due(self._clock.now(), MOST)
        lanes = [due[lane::AT_ONCE] for lane in range(AT_ONCE)]
        return sum(await asyncio.gather(*(each_of(lane, self._one) for lane in lanes)))

    async def _one(self, connection_id: ConnectionId) -> int:
        return int(await self._read_calendar(connection_id) is not None)
