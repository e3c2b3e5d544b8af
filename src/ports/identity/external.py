"""People whom another system manages, and what it has told of them. (ID-13)"""

from datetime import datetime
from typing import Protocol

import msgspec

from domain.ids import UserId


class ExternalUser(msgspec.Struct, frozen=True, kw_only=True):
    """``told_at``: when the latest thing that we know of happened over there; what is older comes too late."""

    subject: str
    user_id: UserId
    told_at: datetime


class ExternalUserRepository(Protocol):
    async def first_time(self, event_id: str, *, at: datetime) -> bool:
        """Notes the message. False when it came before; waits for a twin that is about to commit."""
        ...

    async def find(self, subject: str) -> ExternalUser | None:
        """Locked until the unit ends."""
        ...

    async def put(self, user: ExternalUser) -> None: ...
