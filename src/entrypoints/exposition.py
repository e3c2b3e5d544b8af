"""What ``/metrics`` says: this process, the others of this machine, and what the database knows. (OPS-09)"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from adapters.measures import REGISTRY
from adapters.metrics_folder import MetricsFolder
from entrypoints.container import Container
from entrypoints.settings import Settings

EVERY_S: Final = 15.0
PATIENCE_S: Final = 2.0
log: Final = structlog.get_logger(__name__)


class Exposition:
    def __init__(self, settings: Settings, process: str, container: Container) -> None:
        self.folder = MetricsFolder(settings.data / "metrics", process)
        self._container = container
        self._pool = Gauge(
            "halaqa_database_connections",
            "Connections of this process: open, and asked for without there being one.",
            ("state",),
            registry=None,
        )

    async def __call__(self, own: bytes) -> bytes:
        """``own``: what the application has counted. Where the database is away, its part is missing."""
        text = await asyncio.to_thread(self.folder.together, self.own(own))
        return (text + (await self._stored()).decode()).encode()

    def own(self, counted: bytes = b"") -> str:
        here = CollectorRegistry()
        here.register(self._pool)
        lender = self._container.engine().lender
        self._pool.labels("open").set(lender.open)
        self._pool.labels("waited_for").set(lender.waiting)
        return (counted + generate_latest(REGISTRY) + generate_latest(here)).decode()

    async def _stored(self) -> bytes:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return generate_latest(await self._measured(self._container.clock().now()))
        except Exception as error:  # noqa: BLE001 - readiness says what is away
            log.warning("metrics_incomplete", error=type(error).__name__)
            return b""

    async def _measured(self, now: datetime) -> CollectorRegistry:
        found = CollectorRegistry()

        def gauge(name: str, what: str, *labels: str) -> Any:
            return Gauge(name, what, labels, registry=found)

        waiting = gauge("halaqa_queue_waiting", "Work that waits, of all academies.", "queue")
        dead = gauge("halaqa_queue_dead", "Work that was given up and waits for a person.", "queue")
        late = gauge("halaqa_queue_oldest_due_seconds", "Since when the oldest work has been due.", "queue")
        for each in await self._container.alert_log().backlogs(now):
            waiting.labels(each.queue).set(each.waiting)
            dead.labels(each.queue).set(each.dead)
            late.labels(each.queue).set(_age(now, each.oldest_due_at) or 0)
        started = gauge("halaqa_job_started_seconds", "Since when a job was begun for the last time.", "job")
        failures = gauge("halaqa_job_failures_in_a_row", "Runs of a job that failed since one went well.", "job")
        for job in await self._container.job_board().states():
            started.labels(job.name).set(_age(now, job.last_started_at) or 0)
            failures.labels(job.name).set(job.failures_in_a_row)
        troubled = gauge("halaqa_provider_trouble_seconds", "Since when an outside service keeps failing.", "gateway")
        for trouble in await self._container.trouble_log().standing(now):
            troubled.labels(trouble.gateway).set(_age(now, trouble.since) or 0)
        open_alerts = gauge("halaqa_alert_open", "What needs a person just now.", "rule", "subject")
        for alert in await self._container.alert_log().open():
            open_alerts.labels(alert.rule.value, alert.subject).set(1)
        backups = self._container.backups()
        if backups.wanted and (age := _age(now, await backups.newest())) is not None:
            gauge("halaqa_backup_age_seconds", "Of the newest backup.").set(age)
        disk = await self._container.disk()()
        gauge("halaqa_disk_free_ratio", "Of the disk that holds the school's data.").set(
            disk.free / disk.total if disk.total else 0
        )
        return found

    @asynccontextmanager
    async def left_for_others(self, counted: Callable[[], bytes] = bytes) -> AsyncIterator[None]:
        """Meanwhile the other processes of this machine can see what this one counts."""
        task = asyncio.create_task(self._leave(counted))
        try:
            yield
        finally:
            task.cancel()
            with suppress(OSError):
                self.folder.remove()

    async def _leave(self, counted: Callable[[], bytes]) -> None:
        while True:
            await asyncio.to_thread(self.folder.write, self.own(counted()))
            await asyncio.sleep(EVERY_S)


def _age(now: datetime, then: datetime | None) -> float | None:
    return max(0.0, (now - then).total_seconds()) if then is not None else None
