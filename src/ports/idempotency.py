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


class Promise:
    """An answer that a unit of work keeps together with its effect. ``kept``: it has."""

    __slots__ = ("answer", "kept", "key", "scope")

    def __init__(self, scope: str, key: str, answer: KeptAnswer) -> None:
        self.scope, self.key, self.answer, self.kept = scope, key, answer, False


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
