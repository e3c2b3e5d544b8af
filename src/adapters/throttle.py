"""Counters in Redis, kept by the library ``limits``. (ID-14, API-02)"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

import structlog
from limits.aio.storage import MemoryStorage, RedisStorage
from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError

from ports.throttle import Limit, Standing

PATIENCE_S: Final = 0.5
REST_S: Final = 2.0
"""After a failure Redis is left alone for so long: nobody should wait for it on every request."""
PORTIONS: Final = 100
MANY: Final = 20_000
T = TypeVar("T")
log: Final = structlog.get_logger(__name__)


class RedisThrottle:
    """Keeps the promises of ``ports.throttle.Throttle``. What is not exact is fetched in portions of a hundredth of the
    limit, so that generous limits hardly cost a round trip; what a process fetched and did not use is lost. So a
    process fetches one portion at a time: a hundred requests at the same moment would take the whole limit.
    """

    def __init__(self, url: str, *, timeout_s: float = PATIENCE_S) -> None:
        pool = BlockingConnectionPool.from_url(url, max_connections=16, timeout=timeout_s, socket_connect_timeout=1)
        self._pool, self._timeout_s = pool, timeout_s
        # The address of the server is the pool's business; this one only names the kind of store.
        self._shared = RedisStorage(
            "async+redis://", implementation="redispy", key_prefix="halaqa", connection_pool=cast(Any, pool)
        )
        self._own = MemoryStorage()
        self._rests_until = 0.0
        self._portions: dict[str, tuple[int, int]] = {}
        """By key: the last number given out, and the last one that may be."""
        self._fetching: dict[str, asyncio.Event] = {}

    async def hit(self, limit: Limit, who: str) -> Standing:
        if not limit.exact:
            return await self._count(limit, who)
        key = _key(limit, who)
        allowed = await self._exact(lambda store: store.acquire_entry(key, limit.times, limit.per_s))
        standing = await self.look(limit, who)
        return Standing(allowed=allowed, left=standing.left, reset_s=standing.reset_s)

    async def look(self, limit: Limit, who: str) -> Standing:
        key = _key(limit, who)
        if not limit.exact:
            used = await self._asked(lambda: self._shared.get(f"{key}:{_window(limit)}"))
            return _standing(limit, used or 0, room=1)
        start, count = await self._exact(lambda store: store.get_moving_window(key, limit.times, limit.per_s))
        left = max(0, limit.times - count)
        return Standing(allowed=left > 0, left=left, reset_s=max(0, math.ceil(start + limit.per_s - time.time())))

    async def clear(self, limit: Limit, who: str) -> None:
        key = _key(limit, who)
        self._portions.pop(f"{key}:{_window(limit)}", None)
        await self._own.clear(key)
        await self._asked(lambda: self._shared.clear(key if limit.exact else f"{key}:{_window(limit)}"))

    async def close(self) -> None:
        await self._pool.disconnect()

    async def _count(self, limit: Limit, who: str) -> Standing:
        key = f"{_key(limit, who)}:{_window(limit)}"
        portion = max(1, limit.times // PORTIONS)
        if portion == 1:
            return _standing(limit, await self._taken(limit, key, 1) or 0)
        while True:
            used, end = self._portions.get(key, (0, 0))
            if used < end or used >= limit.times:
                self._portions[key] = (used + 1, end)
                return _standing(limit, used + 1)
            if (under_way := self._fetching.get(key)) is None:
                break
            await under_way.wait()
        self._fetching[key] = fetched = asyncio.Event()
        try:
            count = await self._taken(limit, key, portion)
            if count is None:
                return _standing(limit, 0)
            if len(self._portions) >= MANY:
                self._portions.clear()
            used = count - portion + 1
            self._portions[key] = (used, min(count, limit.times))
            return _standing(limit, used)
        finally:
            del self._fetching[key]
            fetched.set()

    async def _taken(self, limit: Limit, key: str, many: int) -> int | None:
        return await self._asked(lambda: self._shared.incr(key, limit.per_s, many))

    async def _exact(self, ask: Callable[[RedisStorage | MemoryStorage], Awaitable[T]]) -> T:
        found = await self._asked(lambda: ask(self._shared))
        return found if found is not None else await ask(self._own)

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """None when Redis does not answer."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            async with asyncio.timeout(self._timeout_s):
                return await ask()
        except (RedisError, OSError, TimeoutError) as error:
            self._rests_until = time.monotonic() + REST_S
            log.warning("throttle_unreachable", error=type(error).__name__)
            return None


def _key(limit: Limit, who: str) -> str:
    return f"{limit.name}:{limit.times}:{who}"


def _window(limit: Limit) -> int:
    return int(time.time()) // limit.per_s


def _standing(limit: Limit, count: int, *, room: int = 0) -> Standing:
    return Standing(
        allowed=count + room <= limit.times,
        left=max(0, limit.times - count),
        reset_s=limit.per_s - int(time.time()) % limit.per_s,
    )
