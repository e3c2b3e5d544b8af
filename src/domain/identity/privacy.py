"""What somebody may ask about his own data: a copy of it, and an end to it. (ID-20)"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.errors import Conflict, Gone, NotFound
from domain.identity.events import ErasureCalledOff, ErasureScheduled, ExportReady, ExportRequested, PersonErased
from domain.ids import ErasureId, ExportId, UserId
from domain.machine import Lifecycle

EXPORT_LIFETIME: Final = timedelta(days=7)
GRACE: Final = timedelta(days=14)
"""How long an erasure can be called off."""


class OpenBusiness(Conflict):
    """Lessons ahead or money under way: ``ties`` in details names what."""

    code = "open_business"


class ErasureUnderWay(Conflict):
    code = "erasure_under_way"


class ExportStatus(StrEnum):
    REQUESTED = "requested"
    READY = "ready"
    FETCHED = "fetched"
    EXPIRED = "expired"


EXPORT: Final = Lifecycle(
    "data export",
    {
        ExportStatus.REQUESTED: frozenset({ExportStatus.READY}),
        ExportStatus.READY: frozenset({ExportStatus.FETCHED, ExportStatus.EXPIRED}),
        ExportStatus.FETCHED: frozenset(),
        ExportStatus.EXPIRED: frozenset(),
    },
    start=frozenset({ExportStatus.REQUESTED}),
)


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """``archive`` is there from ready until it has been fetched, once, or has expired."""

    id: ExportId
    user_id: UserId
    requested_by: UserId
    status: ExportStatus = ExportStatus.REQUESTED
    created_at: datetime
    expires_at: datetime | None = None
    archive: bytes | None = None
    version: int = 1

    def requested(self) -> ExportRequested:
        return ExportRequested(user_id=self.user_id, at=self.created_at)

    def ready(self, archive: bytes, *, at: datetime) -> tuple["Export", ExportReady]:
        following = self._to(ExportStatus.READY, archive=archive, expires_at=at + EXPORT_LIFETIME)
        return following, ExportReady(user_id=self.user_id, at=at)

    def fetch(self, *, by: UserId, at: datetime) -> tuple["Export", bytes]:
        """Only by the one it is about. Raises NotFound, Gone."""
        if by != self.user_id or self.status is ExportStatus.REQUESTED:
            raise NotFound("there is no such export")
        if self.archive is None or self.expires_at is None or self.expires_at <= at:
            raise Gone("this copy was fetched already, or has expired; ask for a new one")
        return self._to(ExportStatus.FETCHED, archive=None), self.archive

    def expire(self) -> "Export":
        return self._to(ExportStatus.EXPIRED, archive=None)

    def _to(self, status: ExportStatus, **changes: Any) -> "Export":
        step = EXPORT.step(self.status, status)
        return msgspec.structs.replace(self, status=step, version=self.version + 1, **changes)


class ErasureStatus(StrEnum):
    SCHEDULED = "scheduled"
    CALLED_OFF = "called_off"
    DONE = "done"


ERASURE: Final = Lifecycle(
    "erasure",
    {
        ErasureStatus.SCHEDULED: frozenset({ErasureStatus.CALLED_OFF, ErasureStatus.DONE}),
        ErasureStatus.CALLED_OFF: frozenset(),
        ErasureStatus.DONE: frozenset(),
    },
    start=frozenset({ErasureStatus.SCHEDULED}),
)


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """What the law wants kept stays under the person's id, which then leads to nobody."""

    id: ErasureId
    user_id: UserId
    requested_by: UserId
    reason: str
    status: ErasureStatus = ErasureStatus.SCHEDULED
    created_at: datetime
    due_at: datetime
    settled_at: datetime | None = None
    version: int = 1

    @classmethod
    def schedule(
        cls, id: ErasureId, user_id: UserId, *, by: UserId, reason: str, at: datetime
    ) -> tuple["Erasure", ErasureScheduled]:
        due = at + GRACE
        erasure = cls(id=id, user_id=user_id, requested_by=by, reason=reason, created_at=at, due_at=due)
        return erasure, ErasureScheduled(user_id=user_id, due_at=due, at=at)

    def call_off(self, *, at: datetime) -> tuple["Erasure", ErasureCalledOff]:
        return self._to(ErasureStatus.CALLED_OFF, settled_at=at), ErasureCalledOff(user_id=self.user_id, at=at)

    def done(self, *, files: Sequence[str] = (), at: datetime) -> tuple["Erasure", PersonErased]:
        erased = PersonErased(user_id=self.user_id, files=tuple(files), at=at)
        return self._to(ErasureStatus.DONE, settled_at=at), erased

    def wait(self, *, until: datetime) -> "Erasure":
        """Still scheduled: something came up that has to be settled first."""
        return msgspec.structs.replace(self, due_at=until, version=self.version + 1)

    def _to(self, status: ErasureStatus, **changes: Any) -> "Erasure":
        step = ERASURE.step(self.status, status)
        return msgspec.structs.replace(self, status=step, version=self.version + 1, **changes)
