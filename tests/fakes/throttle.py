"""Counters in memory, on the test's own clock."""

from collections import defaultdict
from datetime import datetime, timedelta

from ports.clock import Clock
from ports.throttle import Limit, Standing


class MemoryThrottle:
    """Every limit is an exact one here."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hits: dict[tuple[str, str], list[datetime]] = defaultdict(list)

    async def hit(self, limit: Limit, who: str) -> Standing:
        standing = await self.look(limit, who)
        if standing.allowed:
            self._hits[limit.name, who].append(self._clock.now())
        after = await self.look(limit, who)
        return Standing(allowed=standing.allowed, left=after.left, reset_s=after.reset_s)

    async def look(self, limit: Limit, who: str) -> Standing:
        now, stretch = self._clock.now(), timedelta(seconds=limit.per_s)
        recent = [at for at in self._hits[limit.name, who] if now - at < stretch]
        self._hits[limit.name, who] = recent
        reset = recent[0] + stretch - now if recent else timedelta()
        left = max(0, limit.times - len(recent))
        return Standing(allowed=left > 0, left=left, reset_s=int(reset.total_seconds()))

    async def clear(self, limit: Limit, who: str) -> None:
        self._hits.pop((limit.name, who), None)
