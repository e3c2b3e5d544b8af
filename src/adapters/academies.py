"""Which host leads to which academy, and where each one's links lead: read once in a while, asked at every request.

An installation with one academy behaves as if there were none of this: no host is mapped, and the settings say where
links lead. (ADM-10)
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec
import structlog

from domain.identity.academy import Academy
from domain.identity.permission import Audience
from domain.ids import AcademyId
from ports.academy import FIRST_ACADEMY, current_academy
from ports.identity.academies import AcademyQueries

FRESH_S: Final = 10.0
"""So long a changed host name takes to be known everywhere."""
log: Final = structlog.get_logger(__name__)


class _Map(msgspec.Struct, frozen=True):
    academies: Mapping[AcademyId, Academy] = {}
    hosts: Mapping[tuple[Audience, str], AcademyId] = {}


class Academies:
    """``urls``: where browsers find the doors of an academy without hosts of its own. Where the database does not
    answer, what was known stays.
    """

    def __init__(self, queries: AcademyQueries, *, main_url: str, admin_url: str, school_name: str) -> None:
        self._queries, self._school_name = queries, school_name
        self._urls = {Audience.MAIN: main_url, Audience.ADMIN: admin_url}
        self._map, self._read_at = _Map(), float("-inf")
        self._reading = asyncio.Lock()

    async def academy_of(self, host: str, door: Audience) -> AcademyId | None:
        """None for a host that no academy has claimed."""
        await self.look()
        return self._map.hosts.get((door, host))

    async def ids(self) -> Sequence[AcademyId]:
        """All of them, the first one first."""
        await self.look()
        return list(self._map.academies) or [FIRST_ACADEMY]

    async def look(self) -> None:
        """Refreshes what is known, if that is due."""
        if time.monotonic() - self._read_at < FRESH_S:
            return
        async with self._reading:
            if time.monotonic() - self._read_at < FRESH_S:
                return
            try:
                found = await self._queries.all()
            except Exception as error:  # noqa: BLE001 - whatever it is, the school stays open as it was
                log.warning("academies_not_read", error=type(error).__name__)
            else:
                self._map = _Map(
                    {academy.id: academy for academy in found},
                    {(host.door, host.name): academy.id for academy in found for host in academy.hosts},
                )
            self._read_at = time.monotonic()

    def url(self, door: Audience) -> str:
        """Of the academy at hand, without a slash at the end: its own first host, with the port of the settings."""
        base, academy = self._urls[door].rstrip("/"), self._map.academies.get(current_academy())
        host = academy.first_host(door) if academy is not None else None
        if host is None:
            return base
        parts = urlsplit(base)
        return parts._replace(netloc=host if parts.port is None else f"{host}:{parts.port}").geturl()

    def main_url(self) -> str:
        return self.url(Audience.MAIN)

    def name(self) -> str:
        """What the academy at hand is called where its branding says nothing."""
        academy = self._map.academies.get(current_academy())
        return academy.name if academy is not None and academy.name else self._school_name
