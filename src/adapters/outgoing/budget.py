"""Turns at an outside service, given out by the generic cell rate algorithm: one time stamp for each account.

Source: ITU-T I.371, "virtual scheduling". The script runs whole inside Redis, so any number of processes share a budget
and none is given twice.
"""

import time
from collections.abc import Callable
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ports.budget import Rate

REST_S: Final = 2.0
"""After a failure Redis is left alone for so long."""
MANY: Final = 10_000
_TAKE: Final = """
local now = tonumber(ARGV[1])
if now < 0 then
  local clock = redis.call('TIME')
  now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
end
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = math.max(free - tonumber(ARGV[3]) - now, 0)
if wait > tonumber(ARGV[4]) then return '-1' end
local following = free + tonumber(ARGV[2])
redis.call('SET', KEYS[1], string.format('%.6f', following), 'EX', math.ceil(following - now) + 1)
return string.format('%.6f', wait)
"""
log: Final = structlog.get_logger(__name__)


class MemoryBudget:
    """Of this process alone. ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free: dict[str, float] = {}

    async def take(self, rate: Rate, who: str, *, patience_s: float) -> float | None:
        now, key = self._clock(), _key(rate, who)
        free = max(self._free.get(key, 0.0), now)
        wait = max(free - rate.slack_s - now, 0.0)
        if wait > patience_s:
            return None
        if len(self._free) >= MANY:
            self._free = {known: at for known, at in self._free.items() if at > now}
        self._free[key] = free + rate.step_s
        return wait


class RedisBudget:
    """``clock`` is for tests; without one Redis looks at its own, which all processes share."""

    def __init__(self, redis: Redis, clock: Callable[[], float] | None = None) -> None:
        self._script = redis.register_script(_TAKE)
        self._clock = clock
        self._own = MemoryBudget()
        self._rests_until = 0.0

    async def take(self, rate: Rate, who: str, *, patience_s: float) -> float | None:
        if time.monotonic() < self._rests_until:
            return await self._own.take(rate, who, patience_s=patience_s)
        now = -1.0 if self._clock is None else self._clock()
        numbers = [f"{number:.6f}" for number in (now, rate.step_s, rate.slack_s, patience_s)]
        try:
            wait = float(await self._script(keys=[f"halaqa:budget:{_key(rate, who)}"], args=numbers))
        except (RedisError, OSError) as error:
            self._rests_until = time.monotonic() + REST_S
            log.warning("budget_unreachable", error=type(error).__name__)
            return await self._own.take(rate, who, patience_s=patience_s)
        return None if wait < 0 else wait


def _key(rate: Rate, who: str) -> str:
    return f"{rate.name}:{who}"
