"""Whether everything that the school stands on answers: for a person who looks, not for a probe. (ADM-06, OPS-04)"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.identity.actor import Actor
from domain.identity.permission import Permission
from ports.clock import Clock
from ports.jobs import JobBoard, JobState
from ports.oversight.backups import Backups
from ports.oversight.health import Disk, DiskSpace, ListTroubles, Trouble
from ports.oversight.queries import Backlog, OversightQueries

WORKER_QUIET: Final = timedelta(minutes=3)
"""The worker starts something every minute; after so long without it, nobody works."""
LATE: Final = timedelta(minutes=10)
"""Work that is due for longer is not keeping up."""
FULL_PERCENT: Final = 10
"""Less free space than this needs a person."""
BACKUP_LATE: Final = timedelta(hours=30)
"""A night without a backup."""
BACK_UP: Final = "back_up"
Probes = Mapping[str, Callable[[], Awaitable[bool]]]


async def lacks_backup(backups: Backups, jobs: Sequence[JobState], now: datetime) -> bool:
    """A new school has none before the job has run for the first time; after that it is missed."""
    if not backups.wanted:
        return False
    newest = await backups.newest()
    if newest is None:
        return any(job.name == BACK_UP and job.last_finished_at is not None for job in jobs)
    return now - newest >= BACKUP_LATE


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """``answers``: what was asked just now, by name. ``worker_at``: when the worker last began something."""

    at: datetime
    answers: Mapping[str, bool]
    worker_at: datetime | None
    failing: tuple[str, ...]
    backlogs: tuple[Backlog, ...]
    disk: DiskSpace
    backups_wanted: bool = False
    backup_at: datetime | None = None
    is_backed_up: bool = True
    troubles: tuple[Trouble, ...] = ()

    @property
    def works(self) -> bool:
        return self.worker_at is not None and self.at - self.worker_at < WORKER_QUIET

    def keeps_up(self, backlog: Backlog) -> bool:
        return backlog.oldest_due_at is None or self.at - backlog.oldest_due_at < LATE

    @property
    def free_percent(self) -> int:
        return self.disk.free * 100 // self.disk.total if self.disk.total else 0

    @property
    def has_room(self) -> bool:
        return self.free_percent >= FULL_PERCENT

    @property
    def good(self) -> bool:
        parts = (
            *self.answers.values(),
            self.works,
            self.has_room,
            self.is_backed_up,
            not self.failing,
            not self.troubles,
        )
        return all(parts) and all(self.keeps_up(each) and not each.dead for each in self.backlogs)


class ShowHealth:
    """Raises NotPermitted."""

    def __init__(
        self,
        clock: Clock,
        job_board: JobBoard,
        oversight_queries: OversightQueries,
        disk: Disk,
        backups: Backups,
        list_troubles: ListTroubles,
    ) -> None:
        self._clock, self._board, self._queries, self._disk = clock, job_board, oversight_queries, disk
        self._backups, self._troubles = backups, list_troubles

    async def __call__(self, actor: Actor, probes: Probes) -> Health:
        """``probes``: what this process can ask (the database, Redis)."""
        actor.require(Permission.SEE_JOBS)
        now = self._clock.now()
        jobs = await self._board.states()
        started = [job.last_started_at for job in jobs if job.last_started_at is not None]
        return Health(
            at=now,
            answers={name: await probe() for name, probe in probes.items()},
            worker_at=max(started, default=None),
            failing=tuple(job.name for job in jobs if job.failures_in_a_row),
            backlogs=tuple(await self._queries.backlogs(now)),
            disk=await self._disk(),
            backups_wanted=self._backups.wanted,
            backup_at=await self._backups.newest(),
            is_backed_up=not await lacks_backup(self._backups, jobs, now),
            troubles=tuple(await self._troubles(now)),
        )
