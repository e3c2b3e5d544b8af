"""Nudges over Redis: an ARQ job that says "there is work", and carries nothing else."""

import asyncio
from typing import Final

import structlog
from arq.connections import ArqRedis
from redis.exceptions import RedisError

SEATS: Final = 3
"""So many jobs of one queue wait or run at most. One would not do: work committed while that one ends its round
would wait for the sweep."""

log: Final = structlog.get_logger(__name__)


class RedisWakeup:
    """Keeps the promise of ``ports.outbox.Wakeup``: a lost nudge costs seconds, so no error leaves this class."""

    def __init__(self, redis: ArqRedis, *, timeout_s: float = 0.5) -> None:
        self._redis, self._timeout_s = redis, timeout_s

    async def nudge(self, queue: str) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                for seat in range(SEATS):
                    if await self._redis.enqueue_job(queue, _job_id=f"{queue}:{seat}") is not None:
                        return
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("nudge_lost", queue=queue, error=type(error).__name__)
