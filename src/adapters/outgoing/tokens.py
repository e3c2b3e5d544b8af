"""Access tokens of outside services: fetched once for everybody who needs them, and again when they are taken no more.

They are remembered for all processes, sealed: what opens somebody's calendar lies nowhere as it is. Where nothing is
remembered for all, each process has its own. (OPS-07)
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from adapters.cache import MemoryCache
from ports.cache import Cache
from ports.cipher import CannotOpen, Cipher

MANY: Final = 2_000
TURNS: Final = 64


class Fresh(NamedTuple):
    """``good_for_s``: less what a call may take."""

    token: str
    good_for_s: float


Fetch = Callable[[], Awaitable[Fresh]]


class Tokens:
    """``clock``: seconds since 1970."""

    def __init__(
        self, shared: Cache | None = None, cipher: Cipher | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._shared, self._cipher, self._clock = shared, cipher, clock
        self._own = MemoryCache(clock, many=MANY)
        self._turns = [asyncio.Lock() for _ in range(TURNS)]

    async def of(self, key: str, fetch: Fetch, *, instead_of: str = "") -> str:
        """``instead_of``: a token that was refused, though it should have been good. Raises like ``fetch``, which is
        done once in a process, however many ask at the same time.
        """
        name = f"token:{hashlib.sha256(key.encode()).hexdigest()}"
        async with self._turns[int(name[-8:], 16) % TURNS]:
            own = await self._own.get(name)
            if own is not None and own.decode() != instead_of:
                return own.decode()
            others = await self._of_others(name)
            if others is not None and others.token != instead_of:
                await self._own.put(name, others.token.encode(), for_s=others.good_for_s)
                return others.token
            fresh = await fetch()
            await self._own.put(name, fresh.token.encode(), for_s=fresh.good_for_s)
            if self._shared is not None and self._cipher is not None:
                sealed = self._cipher.seal(f"{self._clock() + fresh.good_for_s:.0f} {fresh.token}")
                await self._shared.put(name, sealed, for_s=fresh.good_for_s)
            return fresh.token

    async def _of_others(self, name: str) -> Fresh | None:
        if self._shared is None or self._cipher is None:
            return None
        sealed = await self._shared.get(name)
        if sealed is None:
            return None
        try:
            until, _, token = self._cipher.open(sealed).partition(" ")
            return Fresh(token, float(until) - self._clock())
        except (CannotOpen, ValueError):
            return None
