"""Looks after the machinery, and tells people once when something needs them, and once when it is over. (OPS-09)

The worker looks for all that it can see (``WorkerRound``). That the worker itself is quiet is noticed by those who
serve requests (``DoorRound``). Mail goes out at once, past the queue of messages: that queue may be what is stuck.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from application.identity.sign_in import EVERYBODY, FAILED_SIGN_INS
from application.oversight.health import FULL_PERCENT, LATE, WORKER_QUIET, lacks_backup
from domain.oversight.alert import Alert, Rule, Sign, Status
from ports.clock import Clock, NewId
from ports.errors import GatewayRefused, GatewayUnavailable
from ports.jobs import JobBoard
from ports.notification.mail import MailSender
from ports.oversight.alerts import AlertLog, AlertWords, LookRound, Measures
from ports.oversight.backups import Backups
from ports.oversight.health import Disk, ListTroubles
from ports.throttle import Throttle

PATIENCE: Final = timedelta(minutes=10)
"""A provider that rests for less mends itself."""
FAILURES: Final = 3
"""So many runs of a job in a row."""
SEEN_BY_DOORS: Final = frozenset({Rule.WORKER_QUIET})
SEEN_BY_WORKER: Final = frozenset(Rule) - SEEN_BY_DOORS
log: Final = structlog.get_logger(__name__)


class WorkerRound:
    def __init__(
        self,
        measures: Measures,
        job_board: JobBoard,
        disk: Disk,
        backups: Backups,
        list_troubles: ListTroubles,
        throttle: Throttle,
    ) -> None:
        self._measures, self._board, self._disk = measures, job_board, disk
        self._backups, self._troubles, self._throttle = backups, list_troubles, throttle

    async def __call__(self, now: datetime) -> Sequence[Sign]:
        jobs = await self._board.states()
        signs = [
            Sign(Rule.JOB_FAILS, job.name, job.failures_in_a_row) for job in jobs if job.failures_in_a_row >= FAILURES
        ]
        for backlog in await self._measures.backlogs(now):
            if backlog.dead:
                signs.append(Sign(Rule.GIVEN_UP, backlog.queue, backlog.dead))
            if backlog.oldest_due_at is not None and now - backlog.oldest_due_at >= LATE:
                signs.append(Sign(Rule.BEHIND, backlog.queue, backlog.waiting))
        signs += [
            Sign(Rule.PROVIDER_RESTS, trouble.gateway)
            for trouble in await self._troubles(now)
            if now - trouble.since >= PATIENCE
        ]
        if await lacks_backup(self._backups, jobs, now):
            signs.append(Sign(Rule.NO_BACKUP))
        disk = await self._disk()
        if disk.total and disk.free * 100 // disk.total < FULL_PERCENT:
            signs.append(Sign(Rule.DISK_FULL, number=disk.free * 100 // disk.total))
        if not (await self._throttle.look(FAILED_SIGN_INS, EVERYBODY)).allowed:
            signs.append(Sign(Rule.SIGN_INS_FAIL, number=FAILED_SIGN_INS.times))
        return signs


class DoorRound:
    """``since``: when this process began to look; a worker gets its time to start."""

    def __init__(self, job_board: JobBoard, since: datetime) -> None:
        self._board, self._since = job_board, since

    async def __call__(self, now: datetime) -> Sequence[Sign]:
        started = [job.last_started_at for job in await self._board.states() if job.last_started_at is not None]
        heard = max([*started, self._since])
        return [Sign(Rule.WORKER_QUIET)] if now - heard >= WORKER_QUIET else []


class WatchOver:
    """How many alerts began or ended. ``rules``: those that ``look`` answers for; alerts of other rules are somebody
    else's. Without readers an alert is a line in the log.
    """

    def __init__(
        self,
        clock: Clock,
        new_id: NewId,
        alert_log: AlertLog,
        look: LookRound,
        words: AlertWords,
        mail_sender: MailSender,
        rules: Collection[Rule],
    ) -> None:
        self._clock, self._new_id, self._alerts = clock, new_id, alert_log
        self._look, self._words, self._sender, self._rules = look, words, mail_sender, frozenset(rules)

    async def __call__(self) -> int:
        async with self._alerts.alone() as mine:
            return await self._watch() if mine else 0

    async def _watch(self) -> int:
        now = self._clock.now()
        signs = {sign.key: sign for sign in await self._look(now)}
        standing = [alert for alert in await self._alerts.open() if alert.rule in self._rules]
        for key in signs.keys() - {alert.key for alert in standing}:
            await self._raise(signs[key], now)
        for alert in standing:
            following = alert.seen(alert.key in signs, at=now)
            if following is not alert:
                await self._alerts.move(following, was=alert.status)
        told = 0
        for alert in await self._alerts.open():
            if alert.rule in self._rules and alert.waits_to_be_told:
                told += await self._tell(alert, now)
        return told

    async def _raise(self, sign: Sign, now: datetime) -> None:
        await self._alerts.add(
            Alert(
                id=self._new_id(), rule=sign.rule, subject=sign.subject, number=sign.number, since=now, changed_at=now
            )
        )

    async def _tell(self, alert: Alert, now: datetime) -> bool:
        """Mail first, then the note that it went: after a crash between the two the same message goes again, under
        the same id.
        """
        for mail in self._words.mails(alert):
            try:
                await self._sender.send(mail, at=now)
            except GatewayUnavailable as error:
                log.warning("alert_not_told", rule=alert.rule.value, error=type(error).__name__)
                return False
            except GatewayRefused as error:
                log.warning("alert_reader_unknown", rule=alert.rule.value, error=type(error).__name__)
        say = log.error if alert.status is Status.RAISED else log.info
        say("alert", rule=alert.rule.value, subject=alert.subject, number=alert.number, state=alert.status.value)
        return await self._alerts.move(alert.told(at=now), was=alert.status)
