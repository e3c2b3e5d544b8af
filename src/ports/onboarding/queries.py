"""Reads for the pages of applicants and of those who decide."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from domain.identity.permission import Role
from domain.ids import ApplicationId, UserId
from domain.onboarding.application import Edition, Status
from ports.paging import Page


class QueueItem(msgspec.Struct, frozen=True, kw_only=True):
    """``waits_since`` is when it was handed in; ``owner_name`` is empty where nobody has taken it."""

    id: ApplicationId
    user_id: UserId
    name: str
    email: str
    role: Role
    status: Status
    edition: int
    created_at: datetime
    updated_at: datetime
    waits_since: datetime | None
    owner_id: UserId | None
    owner_name: str
    decided_at: datetime | None


class QueueFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Without a status: what waits for a decision. ``owner_id``: taken by that colleague."""

    status: Status = Status.SUBMITTED
    role: Role | None = None
    owner_id: UserId | None = None
    unowned: bool = False


class OnboardingQueries(Protocol):
    async def queue(self, wanted: QueueFilter, *, cursor: str | None = None, limit: int = 50) -> Page[QueueItem]:
        """What waits: longest first; what is decided or being written: newest first. Raises BadCursor."""
        ...

    async def item(self, application_id: ApplicationId) -> QueueItem | None: ...

    async def of_user(self, user_id: UserId) -> Sequence[QueueItem]:
        """All applications of one person."""
        ...

    async def editions(self, application_id: ApplicationId) -> Sequence[Edition]:
        """Newest first."""
        ...
