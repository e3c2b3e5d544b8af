"""Live sessions remembered in Redis: a request is verified in one round trip. See docs/decisions/0009. (ID-05)

What is remembered was true at some moment after the last ``forget`` of its user. ``forget`` removes all that is
remembered of him and sets a new stamp; a snapshot is kept only if the stamp is still the one that was read before
PostgreSQL was asked. So nothing that was read before a change can be kept after it.
"""

import asyncio
import time
from collections.abc import Awaitable
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, Final, cast

import hiredis
import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.redis_line import RedisLine
from domain.ids import UserId
from ports.academy import current_academy
from ports.identity.queries import SessionQueries, SignedIn

LONGEST: Final = timedelta(seconds=60)
PATIENCE_S: Final = 0.3
REST_S: Final = 2.0
MANY: Final = 4096
STAMP: Final = "halaqa:sessions:stamp"
_KEEP: Final = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
for index = 3, #KEYS do
    redis.call('SADD', KEYS[index], KEYS[2])
    redis.call('EXPIRE', KEYS[index], 120)
end
return 1
"""
_FORGET: Final = """
redis.call('SET', KEYS[1], ARGV[1])
for _, key in ipairs(redis.call('SMEMBERS', KEYS[2])) do redis.call('DEL', key) end
redis.call('DEL', KEYS[2])
return 1
"""
log: Final = structlog.get_logger(__name__)


class CachedSessions:
    """``SessionQueries`` with a memory, and the ``SessionCache`` that makes it forget. Where Redis does not answer,
    PostgreSQL does; only ``forget`` always tries. ``line``: a quicker way to ask the same Redis.
    """

    def __init__(
        self, stored: SessionQueries, redis: Redis, line: RedisLine | None = None, *, timeout_s: float = PATIENCE_S
    ) -> None:
        self._stored, self._redis, self._line, self._timeout_s = stored, redis, line, timeout_s
        self._read_before: dict[bytes, SignedIn] = {}
        """What bytes mean, not whether they hold: each of them has just come from Redis."""
        self._keep, self._forget = redis.register_script(_KEEP), redis.register_script(_FORGET)
        self._decoder = msgspec.msgpack.Decoder(SignedIn)
        self._rests_until = 0.0

    async def find(self, token_hash: bytes, *, now: datetime) -> SignedIn | None:
        key = f"halaqa:session:{current_academy()}:{token_hash.hex()}"
        answered = await self._read(key)
        if answered is None:
            return await self._stored.find(token_hash, now=now)
        raw, stamp = answered
        if raw is not None and (person := self._decoded(raw)) is not None:
            return person if person.valid_until > now else None
        person = await self._stored.find(token_hash, now=now)
        if person is not None:
            await self._remember(key, person, stamp or b"", now)
        return person

    async def forget(self, user_id: UserId) -> None:
        try:
            async with asyncio.timeout(1.0):
                await self._forget(keys=[STAMP, _of(user_id)], args=[token_hex(8)])
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("sessions_not_forgotten", user=str(user_id), error=type(error).__name__)

    async def _read(self, key: str) -> tuple[bytes | None, bytes | None] | None:
        if time.monotonic() < self._rests_until:
            return None
        try:
            async with asyncio.timeout(self._timeout_s):
                if self._line is not None:
                    found = await self._line.ask("MGET", key, STAMP)
                else:
                    found = await cast("Awaitable[list[Any]]", self._redis.mget(key, STAMP))
        except (RedisError, hiredis.ReplyError, OSError, TimeoutError) as error:
            if self._line is not None:
                self._line.give_up()
            self._rests_until = time.monotonic() + REST_S
            log.warning("session_cache_unreachable", error=type(error).__name__)
            return None
        return found[0], found[1]

    async def _remember(self, key: str, person: SignedIn, stamp: bytes, now: datetime) -> None:
        seconds = int(min(LONGEST, person.valid_until - now).total_seconds())
        if seconds < 1:
            return
        # Who looks through somebody's eyes loses the sight with either of the two.
        concerned = [_of(user_id) for user_id in (person.user_id, person.impersonator) if user_id is not None]
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._keep(keys=[STAMP, key, *concerned], args=[stamp, msgspec.msgpack.encode(person), seconds])
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("session_not_remembered", error=type(error).__name__)

    def _decoded(self, raw: bytes) -> SignedIn | None:
        """None for what another release has written."""
        known = self._read_before.get(raw)
        if known is not None:
            return known
        try:
            person = self._decoder.decode(raw)
        except msgspec.DecodeError:
            return None
        if len(self._read_before) >= MANY:
            self._read_before.clear()
        self._read_before[raw] = person
        return person


def _of(user_id: UserId) -> str:
    return f"halaqa:sessions:{user_id}"
