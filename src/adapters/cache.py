"""What is remembered: by one process, or by all of them in Redis. (OPS-07)

When its time is over travels with each value, and ours is the clock that decides; Redis only tidies up.
"""

import asyncio
import struct
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ports.academy import current_academy
from ports.cache import BIGGEST, LONGEST_S

MANY: Final = 10_000
ROOM: Final = 16 * 1024 * 1024
"""Bytes that one process remembers, keys not counted."""
PATIENCE_S: Final = 0.3
REST_S: Final = 2.0
"""After a failure Redis is left alone for so long."""
_END: Final = struct.Struct(">d")
log: Final = structlog.get_logger(__name__)


def _fits(value: bytes, for_s: float) -> bool:
    return for_s > 0 and len(value) <= BIGGEST


class MemoryCache:
    """Of this process alone. What was not asked for the longest goes first, when there is too much. ``clock``: seconds
    that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, many: int = MANY, room: int = ROOM) -> None:
        self._clock, self._many, self._room = clock, many, room
        self._kept: OrderedDict[tuple[object, str], tuple[float, bytes]] = OrderedDict()
        self._size = 0

    async def get(self, key: str) -> bytes | None:
        here = (current_academy(), key)
        found = self._kept.get(here)
        if found is None:
            return None
        if found[0] <= self._clock():
            self._forget(here)
            return None
        self._kept.move_to_end(here)
        return found[1]

    async def put(self, key: str, value: bytes, *, for_s: float) -> None:
        here = (current_academy(), key)
        self._forget(here)
        if not _fits(value, for_s):
            return
        self._kept[here] = (self._clock() + min(for_s, LONGEST_S), value)
        self._size += len(value)
        while self._size > self._room or len(self._kept) > self._many:
            self._forget(next(iter(self._kept)))

    async def drop(self, key: str) -> None:
        self._forget((current_academy(), key))

    def _forget(self, here: tuple[object, str]) -> None:
        gone = self._kept.pop(here, None)
        if gone is not None:
            self._size -= len(gone[1])


class RedisCache:
    """Of all processes. How much there may be of it is Redis's affair (``maxmemory``). ``clock``: seconds since 1970,
    the same on every machine, give or take.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.time, *, patience_s: float = PATIENCE_S) -> None:
        self._redis, self._clock, self._patience_s = redis, clock, patience_s
        self._rests_until = 0.0

    async def get(self, key: str) -> bytes | None:
        found = await self._asked(lambda: self._redis.get(_named(key)))
        if not isinstance(found, bytes) or len(found) < _END.size:
            return None
        is_fresh = _END.unpack_from(found)[0] > self._clock()
        return found[_END.size :] if is_fresh else None

    async def put(self, key: str, value: bytes, *, for_s: float) -> None:
        if not _fits(value, for_s):
            await self.drop(key)
            return
        lasts = min(for_s, LONGEST_S)
        kept = _END.pack(self._clock() + lasts) + value
        await self._asked(lambda: self._redis.set(_named(key), kept, px=max(1, int(lasts * 1000))))

    async def drop(self, key: str) -> None:
        await self._asked(lambda: self._redis.delete(_named(key)))

    async def _asked(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """None where Redis does not answer, or holds something else there."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            async with asyncio.timeout(self._patience_s):
                return await ask()
        except (RedisError, OSError, TimeoutError) as error:
            self._rests_until = time.monotonic() + REST_S
            log.warning("cache_unreachable", error=type(error).__name__)
            return None


def _named(key: str) -> str:
    return f"halaqa:cache:{current_academy()}:{key}"
