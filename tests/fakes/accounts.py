"""Copies of data, erasures, people of another system, in memory."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.errors import NotFound, StaleWrite
from domain.identity.privacy import Erasure, ErasureStatus, ErasureUnderWay, Export, ExportStatus
from domain.identity.retention import DataClass
from domain.identity.user import AccountStatus, User
from domain.ids import ErasureId, ExportId, UserId
from ports.identity.external import ExternalUser
from ports.identity.privacy import Ties

Shelf = dict[Any, Any]


def _save(shelf: Shelf, following: Any) -> None:
    if shelf[following.id].version != following.version - 1:
        raise StaleWrite("it has changed in between")
    shelf[following.id] = following


class MemoryExports:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def add(self, export: Export) -> bool:
        waiting = [e for e in self._shelf.values() if e.status is ExportStatus.REQUESTED]
        if any(other.user_id == export.user_id for other in waiting):
            return False
        self._shelf[export.id] = export
        return True

    async def get(self, export_id: ExportId) -> Export:
        if export_id not in self._shelf:
            raise NotFound("there is no such export")
        found: Export = self._shelf[export_id]
        return found

    async def latest_of(self, user_id: UserId) -> Export | None:
        found = [export for export in self._shelf.values() if export.user_id == user_id]
        return max(found, key=lambda export: (export.created_at, export.id), default=None)

    async def waiting(self, limit: int) -> Sequence[Export]:
        return [e for e in self._shelf.values() if e.status is ExportStatus.REQUESTED][:limit]

    async def run_out(self, now: datetime, limit: int) -> Sequence[Export]:
        ready = [e for e in self._shelf.values() if e.status is ExportStatus.READY]
        return [export for export in ready if export.expires_at <= now][:limit]

    async def save(self, export: Export) -> None:
        _save(self._shelf, export)


class MemoryErasures:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def add(self, erasure: Erasure) -> None:
        if await self.scheduled_of(erasure.user_id) is not None:
            raise ErasureUnderWay("this account is to be erased already")
        self._shelf[erasure.id] = erasure

    async def was_erased(self, user_id: UserId) -> bool:
        return any(e.user_id == user_id and e.status is ErasureStatus.DONE for e in self._shelf.values())

    async def scheduled_of(self, user_id: UserId) -> Erasure | None:
        scheduled = [e for e in self._shelf.values() if e.status is ErasureStatus.SCHEDULED]
        return next((erasure for erasure in scheduled if erasure.user_id == user_id), None)

    async def due(self, now: datetime, limit: int) -> Sequence[ErasureId]:
        scheduled = [e for e in self._shelf.values() if e.status is ErasureStatus.SCHEDULED]
        return [erasure.id for erasure in scheduled if erasure.due_at <= now][:limit]

    async def get(self, erasure_id: ErasureId) -> Erasure:
        if erasure_id not in self._shelf:
            raise NotFound("there is no such erasure")
        found: Erasure = self._shelf[erasure_id]
        return found

    async def save(self, erasure: Erasure) -> None:
        _save(self._shelf, erasure)


class MemoryExternalUsers:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def first_time(self, event_id: str, *, at: datetime) -> bool:
        new = ("notice", event_id) not in self._shelf
        self._shelf["notice", event_id] = at
        return new

    async def find(self, subject: str) -> ExternalUser | None:
        found: ExternalUser | None = self._shelf.get(("user", subject))
        return found

    async def put(self, user: ExternalUser) -> None:
        self._shelf["user", user.subject] = user


class MemoryPersonalData:
    """Knows of the account alone; what hangs on it is proven on PostgreSQL. ``ties``: put there by tests."""

    def __init__(self, users: Shelf, ties: Shelf) -> None:
        self._users, self._ties = users, ties

    async def read(self, user_id: UserId) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        user: User = self._users[user_id]
        return {"users": [{"id": user.id, "name": user.name, "email": user.email}], "sessions": []}

    async def ties(self, user_id: UserId, now: datetime) -> Ties:
        found: Ties = self._ties.get(user_id, Ties())
        return found

    async def files(self, user_id: UserId) -> Sequence[str]:
        return [f"applications/{user_id}/1"]

    async def erase(self, user_id: UserId) -> int:
        user: User = self._users[user_id]
        self._users[user_id] = msgspec.structs.replace(
            user,
            email="",
            name="(erased)",
            password_hash="",
            phone=None,
            status=AccountStatus.BLOCKED,
            version=user.version + 1,
        )
        return 1


class MemoryRetention:
    """Keeps what it was asked to let go of."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def purge(self, kind: DataClass, *, before: datetime, limit: int) -> int:
        self._shelf[kind] = before
        return 0


def build(part: str, shelf: Callable[[str], Shelf]) -> Any:
    """For ``fakes.unit``."""
    if part == "personal":
        return MemoryPersonalData(shelf("users"), shelf("ties"))
    makers = {
        "exports": MemoryExports,
        "erasures": MemoryErasures,
        "external_users": MemoryExternalUsers,
        "retention": MemoryRetention,
    }
    return makers[part](shelf(part))
