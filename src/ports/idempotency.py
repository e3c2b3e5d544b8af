"""Writes that come twice under one key have one effect and one answer. (API-07)"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

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
    """A request under its key, for a unit of work that keeps the answer together with the effect. ``known``: what was
    answered before; ``answer``: what is to be kept; ``kept``: it is. ``written`` makes an answer of what was made.
    """

    __slots__ = ("answer", "kept", "key", "known", "request_hash", "scope", "written")

    def __init__(self, scope: str, key: str, request_hash: bytes, written: Callable[[Any], KeptAnswer]) -> None:
        self.scope, self.key, self.request_hash, self.written = scope, key, request_hash, written
        self.known: KeptAnswer | None = None
        self.answer: KeptAnswer | None = None
        self.kept = False

    def recall(self, request_hash: bytes, answer: KeptAnswer | None) -> None:
        """What is stored under the key. Raises KeyReused."""
        if request_hash != self.request_hash:
            raise reused()
        self.known = answer


def reused() -> KeyReused:
    return KeyReused("this key was used for another request; take a new one")


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
