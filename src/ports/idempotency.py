"""Writes that come twice under one key have one effect and one answer. (API-07)"""

from datetime import datetime
from typing import Protocol

import msgspec

from domain.errors import Conflict


class KeyReused(Conflict):
    """The key came before, with another request."""

    code = "idempotency_key_reused"


class StillAtWork(Conflict):
    """The first request with this key has not been answered yet."""

    code = "idempotency_in_flight"


class KeptAnswer(msgspec.Struct, frozen=True):
    status: int
    body: bytes


class IdempotencyStore(Protocol):
    """``scope`` says who and which route; within it a key is one request."""

    async def begin(
        self, scope: str, key: str, request_hash: bytes, *, now: datetime, locked_until: datetime
    ) -> KeptAnswer | None:
        """The answer that was given before; None when the caller shall do the work, which nobody else then does
        before ``locked_until``. Raises KeyReused, StillAtWork.
        """
        ...

    async def keep(self, scope: str, key: str, answer: KeptAnswer) -> None: ...

    async def release(self, scope: str, key: str) -> None:
        """The work was refused and left nothing behind: the next one with this key starts anew."""
        ...

    async def purge(self, *, before: datetime) -> int:
        """Forgets what began before; how many that were."""
        ...
