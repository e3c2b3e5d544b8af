"""Nudges over Redis: an ARQ job that says "there is work", and carries nothing else."""

import asyncio
from typing import Final

import structlog
from arq.connections import ArqRedis
from arq.constants import job_key_prefix
from redis.exceptions import RedisError

SEATS: Final = 3
"""So many jobs of one queue wait or run at most. One would not do: work committed while that one ends its round
would wait for the sweep."""
GAP_S: Final = 0.02
# What ``ArqRedis.enqueue_job`` does for one job after the other, in as many round trips.
_ENQUEUE: Final = """
for seat = 0, tonumber(ARGV[1]) - 1 do
  local id = ARGV[2] .. ':' .. seat
  if redis.call('EXISTS', ARGV[3] .. id, ARGV[4] .. id) == 0 then
    redis.call('PSETEX', ARGV[3] .. id, ARGV[5], ARGV[6])
    redis.call('ZADD', KEYS[1], ARGV[7], id)
    return 1
  end
end
return 0
"""
log: Final = structlog.get_logger(__name__)


class RedisWakeup:
    """Keeps the promise of ``ports.outbox.Wakeup``: a lost nudge costs seconds, so no error leaves this class.

    Under load most nudges say what the one before has just said. So a process nudges a queue at once, and then at most
    once in ``GAP_S``: whoever comes meanwhile is served by one more nudge at the end of it.
    """

    def __init__(self, redis: ArqRedis, *, timeout_s: float = 0.5) -> None:
        self._redis, self._timeout_s = redis, timeout_s
        self._enqueue = redis.register_script(_ENQUEUE)
        self._quiet_until: dict[str, float] = {}
        self._later: dict[str, asyncio.TimerHandle] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def nudge(self, queue: str) -> None:
        loop = asyncio.get_running_loop()
        now, quiet_until = loop.time(), self._quiet_until.get(queue, 0.0)
        if now >= quiet_until:
            self._quiet_until[queue] = now + GAP_S
            await self._send(queue)
        elif (waiting := self._later.get(queue)) is None or waiting.when() <= now:
            self._later[queue] = loop.call_at(quiet_until, self._send_later, queue)

    def _send_later(self, queue: str) -> None:
        self._later.pop(queue, None)
        loop = asyncio.get_running_loop()
        self._quiet_until[queue] = loop.time() + GAP_S
        task = loop.create_task(self._send(queue))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, queue: str) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                seats = [f"{queue}:{seat}" for seat in range(SEATS)]
                # Under load all are taken mostly, and to be told so costs one command, to be refused a dozen.
                taken = await self._redis.mget([job_key_prefix + seat for seat in seats])
                for seat, waits in zip(seats, taken, strict=True):
                    if waits is None and await self._redis.enqueue_job(queue, _job_id=seat) is not None:
                        return
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("nudge_lost", queue=queue, error=type(error).__name__)
