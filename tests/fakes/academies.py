"""The schools of an installation in memory: the first one is there from the start."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.errors import NotFound, StaleWrite
from domain.identity.academy import Academy, HostTaken
from domain.ids import AcademyId
from fakes.unit import MemoryStore
from ports.academy import FIRST_ACADEMY

THE_FIRST = Academy(id=FIRST_ACADEMY, name="", created_at=datetime(2026, 1, 1, tzinfo=UTC))


class MemoryAcademies:
    def __init__(self, shelf: dict[AcademyId, Academy]) -> None:
        self._academies = shelf
        shelf.setdefault(FIRST_ACADEMY, THE_FIRST)

    async def get(self, academy_id: AcademyId) -> Academy:
        if academy_id not in self._academies:
            raise NotFound("there is no such academy")
        return self._academies[academy_id]

    async def add(self, academy: Academy) -> None:
        self._put(academy)

    async def save(self, academy: Academy) -> None:
        if self._academies[academy.id].version != academy.version - 1:
            raise StaleWrite("this academy has changed in between")
        self._put(academy)

    def _put(self, academy: Academy) -> None:
        taken = {host for other in self._academies.values() if other.id != academy.id for host in other.hosts}
        for host in academy.hosts:
            if host in taken:
                raise HostTaken("{host} leads to another academy", host=host.name)
        self._academies[academy.id] = academy


class MemoryAcademyQueries:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def all(self) -> Sequence[Academy]:
        found = {FIRST_ACADEMY: THE_FIRST} | self._store.shelf("academies")
        return sorted(found.values(), key=lambda academy: (academy.created_at, academy.id))


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> MemoryAcademies:
    return MemoryAcademies(shelf(part))
