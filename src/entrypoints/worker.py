"""The ARQ worker: nudged queues, and the sweeps that find what a lost nudge left behind.

Every job is a use case that takes no arguments, does what is due, and says how much that was. It may run twice, and on
several workers at once; the scheduled ones run once per tick all the same (``ports.jobs``).
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import structlog
from arq.connections import RedisSettings
from arq.cron import CronJob, cron
from arq.worker import Function, Worker, func

from adapters.system import SystemClock
from ports.jobs import JobBoard

Job = Callable[[], Awaitable[int]]
log: Final = structlog.get_logger(__name__)


class Sweep(msgspec.Struct, frozen=True):
    """``every_s`` divides a minute, or is a whole number of minutes that divides an hour. ``limit_s``: how long a run
    may take, where two minutes are not enough.
    """

    name: str
    every_s: int
    limit_s: int | None = None

    @property
    def lease(self) -> timedelta:
        """How long a runner that died keeps the others waiting."""
        return timedelta(seconds=max(60, 2 * self.every_s, self.limit_s or 0))

    def tick(self, now: datetime) -> datetime:
        """The scheduled moment that ``now`` belongs to."""
        return datetime.fromtimestamp(now.timestamp() // self.every_s * self.every_s, UTC)


QUEUES: Final = {
    "outbox": "relay_events",
    "webhooks": "process_webhooks",
    "deliveries": "send_deliveries",
    "refunds": "submit_refunds",
}
"""Queue as it is nudged -> the use case that empties it."""

SWEEPS: Final = (
    Sweep("relay_events", 10),
    Sweep("process_webhooks", 10),
    Sweep("send_deliveries", 10),
    Sweep("submit_refunds", 15),
    Sweep("expire_holds", 30),
    Sweep("sweep_payments", 30),
    Sweep("match_books", 3600, limit_s=1800),
    Sweep("sweep_meetings", 300),
    Sweep("read_calendars", 60),
    Sweep("check_access", 300),
    Sweep("send_reminders", 300),
    Sweep("tend_classes", 300),
    Sweep("send_first_steps", 1800),
    Sweep("build_exports", 60),
    Sweep("erase_due", 3600),
    Sweep("note_run_out", 60),
    Sweep("apply_retention", 3600),
    Sweep("hand_over_at_majority", 3600),
    Sweep("forget_changes", 600),
    Sweep("watch_over", 60),
    Sweep("back_up", 600, limit_s=3300),
)


def build_worker(
    jobs: dict[str, Job],
    board: JobBoard,
    redis: RedisSettings,
    *,
    on_startup: Callable[[], Awaitable[None]],
    on_shutdown: Callable[[], Awaitable[None]],
    handle_signals: bool = True,
) -> Worker:
    """``jobs``: use case name -> a call of it. Raises KeyError when one that is scheduled is missing."""
    me = f"{socket.gethostname()}:{os.getpid()}"

    async def starting(ctx: dict[Any, Any]) -> None:
        await on_startup()

    async def stopping(ctx: dict[Any, Any]) -> None:
        await on_shutdown()

    return Worker(
        functions=[_nudged(queue, jobs[name]) for queue, name in QUEUES.items()],
        cron_jobs=[_scheduled(sweep, jobs[sweep.name], board, me) for sweep in SWEEPS],
        redis_settings=redis,
        on_startup=starting,
        on_shutdown=stopping,
        handle_signals=handle_signals,
        job_completion_wait=3,
        max_jobs=16,
        job_timeout=120,
        keep_result=0,
        max_tries=1,
        poll_delay=0.1,
        timezone=UTC,
        log_results=False,
        # Not pickle: who can write to Redis must not be able to run code here.
        job_serializer=msgspec.msgpack.encode,
        job_deserializer=msgspec.msgpack.decode,
    )


def _nudged(queue: str, job: Job) -> Function:
    async def run(ctx: dict[Any, Any]) -> None:
        await _logged(queue, job)

    return func(run, name=queue)


def _scheduled(sweep: Sweep, job: Job, board: JobBoard, worker: str) -> CronJob:
    clock = SystemClock()

    async def run(ctx: dict[Any, Any]) -> None:
        now = clock.now()
        if not await board.begin(sweep.name, tick=sweep.tick(now), now=now, lease=sweep.lease, worker=worker):
            return
        count, error = 0, "stopped before the end"
        try:
            count, error = await _logged(sweep.name, job)
        finally:
            await asyncio.shield(
                board.finish(sweep.name, worker=worker, at=clock.now(), count=count, error=error),
            )

    if sweep.every_s >= 60:
        minute: set[int] | None = set(range(0, 60, sweep.every_s // 60))
        second = {7}
    else:
        minute, second = None, set(range(0, 60, sweep.every_s))
    return cron(run, name=f"sweep:{sweep.name}", minute=minute, second=second, unique=True, timeout=sweep.limit_s)


async def _logged(name: str, job: Job) -> tuple[int, str]:
    """A job that fails is tried again at its next tick; here it is only told."""
    try:
        count = await job()
    except Exception as error:
        log.exception("job_failed", job=name)
        return 0, f"{type(error).__name__}: {error}"
    if count:
        log.info("job_done", job=name, count=count)
    return count, ""
