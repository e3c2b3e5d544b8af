"""Something needs a person: said once when it begins and once when it is over. (OPS-09)"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import pytest

from adapters.languages.alerts import ADVICE, HEADINGS
from adapters.messaging.email.alerts import AlertMails
from application.identity.sign_in import EVERYBODY, FAILED_SIGN_INS
from application.oversight.alerts import FAILURES, PATIENCE, SEEN_BY_WORKER, DoorRound, WatchOver, WorkerRound
from application.oversight.health import LATE, WORKER_QUIET
from domain.errors import IllegalTransition
from domain.oversight.alert import Alert, Rule, Sign, Status
from fakes.alerts import MemoryAlertLog, MemoryMeasures
from fakes.clock import NOON, FixedClock
from fakes.ids import SequentialIds
from fakes.office import MemoryBackups
from fakes.throttle import MemoryThrottle
from ports.errors import GatewayUnavailable
from ports.jobs import JobState
from ports.notification.mail import Mail
from ports.oversight.alerts import Backlogged
from ports.oversight.health import DiskSpace, Trouble


class Post:
    """Takes mail, or does not."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        self.away = False

    async def send(self, mail: Mail, *, at: datetime) -> None:
        if self.away:
            raise GatewayUnavailable("smtp", "away")
        self.sent.append(mail)

    @property
    def subjects(self) -> list[str]:
        return [mail.subject for mail in self.sent]


WORDS = AlertMails(
    ["machines@school.example"],
    school="Halaqa",
    base_url="https://admin.school.example",
    mail_from="no-reply@school.example",
    lang="en",
    zone="Asia/Karachi",
)


class House:
    def __init__(self, rules: Collection[Rule] = SEEN_BY_WORKER, log: MemoryAlertLog | None = None) -> None:
        self.clock, self.post, self.log = FixedClock(NOON), Post(), log or MemoryAlertLog()
        self.signs: list[Sign] = []
        self.watch = WatchOver(self.clock, SequentialIds(), self.log, self._look, WORDS, self.post, rules)

    async def _look(self, now: datetime) -> Sequence[Sign]:
        return self.signs

    async def rounds(self, *signs: Sign, times: int = 1) -> None:
        self.signs = list(signs)
        for _ in range(times):
            self.clock.advance(timedelta(minutes=1))
            await self.watch()


DEAD = Sign(Rule.GIVEN_UP, "deliveries", 3)


async def test_it_is_told_once_and_once_more_when_it_is_over() -> None:
    # OPS-09
    house = House()
    await house.rounds(DEAD, times=5)
    assert house.post.subjects == ["Work was given up: deliveries"]
    assert "3 wait for a person" in house.post.sent[0].text
    assert "https://admin.school.example/health" in house.post.sent[0].text

    await house.rounds(times=3)
    assert house.post.subjects[1:] == ["Over: Work was given up: deliveries"]
    assert [alert.status for alert in house.log.all.values()] == [Status.CLOSED]

    await house.rounds(DEAD)
    assert len(house.post.sent) == 3  # a new incident is news
    assert len({mail.message_id for mail in house.post.sent}) == 3


async def test_two_incidents_are_two() -> None:
    house = House()
    await house.rounds(DEAD, Sign(Rule.GIVEN_UP, "webhooks", 1), Sign(Rule.NO_BACKUP))
    assert len(house.post.sent) == 3


async def test_while_the_mail_server_is_away_it_waits() -> None:
    house = House()
    house.post.away = True
    await house.rounds(DEAD, times=3)
    house.post.away = False
    await house.rounds(DEAD, times=2)
    assert len(house.post.sent) == 1


async def test_what_was_over_before_anybody_heard_of_it_is_not_told() -> None:
    house = House()
    house.post.away = True
    await house.rounds(DEAD)
    await house.rounds()
    house.post.away = False
    await house.rounds()
    assert not house.post.sent


async def test_what_comes_back_before_the_good_news_is_the_same_incident() -> None:
    house = House()
    await house.rounds(DEAD)
    house.post.away = True
    await house.rounds()
    await house.rounds(DEAD)
    house.post.away = False
    await house.rounds(DEAD)
    assert len(house.post.sent) == 1


async def test_nobody_ends_what_he_cannot_see() -> None:
    log = MemoryAlertLog()
    door, worker = House({Rule.WORKER_QUIET}, log), House(log=log)
    await door.rounds(Sign(Rule.WORKER_QUIET))
    await worker.rounds(times=2)
    assert [alert.status for alert in await log.open()] == [Status.TOLD]


def test_only_listed_steps_exist() -> None:
    alert = Alert(id=SequentialIds()(), rule=Rule.NO_BACKUP, subject="", number=0, since=NOON, changed_at=NOON)
    told = alert.told(at=NOON)
    assert told.status is Status.TOLD
    with pytest.raises(IllegalTransition):
        told.told(at=NOON)
    assert told.seen(True, at=NOON) is told


def test_every_rule_has_words() -> None:
    assert set(HEADINGS) == set(ADVICE) == set(Rule)


def a_job(name: str, *, failures: int = 0, started: datetime = NOON) -> JobState:
    return JobState(
        name=name,
        last_started_at=started,
        last_finished_at=started,
        last_ok_at=None,
        last_error="",
        last_count=0,
        failures_in_a_row=failures,
        running_until=None,
        worker="w",
    )


class Board:
    def __init__(self, *jobs: JobState) -> None:
        self.jobs = jobs

    async def states(self) -> Sequence[JobState]:
        return self.jobs


async def look(
    *jobs: JobState,
    backlogs: Sequence[Backlogged] = (),
    free: int = 50,
    newest: datetime | None = NOON,
    troubles: Sequence[Trouble] = (),
    failed: int = 0,
) -> list[Sign]:
    async def disk() -> DiskSpace:
        return DiskSpace(100, free)

    async def standing(now: datetime) -> Sequence[Trouble]:
        return troubles

    board = Board(*jobs)
    throttle = MemoryThrottle(FixedClock(NOON))
    for _ in range(failed):
        await throttle.hit(FAILED_SIGN_INS, EVERYBODY)
    measures, backups = MemoryMeasures(*backlogs), MemoryBackups(newest)
    round_ = WorkerRound(measures, board, disk, backups, standing, throttle)  # type: ignore[arg-type]
    return list(await round_(NOON))


def waiting(dead: int = 0, due: timedelta | None = None) -> Backlogged:
    return Backlogged(queue="outbox", waiting=9, dead=dead, oldest_due_at=NOON - due if due is not None else None)


async def test_the_worker_sees_each_of_them_and_nothing_where_all_is_well() -> None:
    # OPS-09
    soon = timedelta(seconds=1)
    assert not await look(
        a_job("a", failures=FAILURES - 1),
        backlogs=[waiting(due=LATE - soon)],
        free=10,
        troubles=[Trouble("stripe/school", NOON - PATIENCE + soon)],
        failed=FAILED_SIGN_INS.times - 1,
    )
    assert await look(a_job("a", failures=FAILURES)) == [Sign(Rule.JOB_FAILS, "a", FAILURES)]
    assert await look(backlogs=[waiting(dead=2)]) == [Sign(Rule.GIVEN_UP, "outbox", 2)]
    assert await look(backlogs=[waiting(due=LATE)]) == [Sign(Rule.BEHIND, "outbox", 9)]
    assert await look(free=9) == [Sign(Rule.DISK_FULL, number=9)]
    assert await look(failed=FAILED_SIGN_INS.times) == [Sign(Rule.SIGN_INS_FAIL, number=FAILED_SIGN_INS.times)]
    assert not await look(newest=None)  # a new school
    assert await look(a_job("back_up"), newest=None) == [Sign(Rule.NO_BACKUP)]
    assert await look(newest=NOON - timedelta(hours=31)) == [Sign(Rule.NO_BACKUP)]
    assert await look(troubles=[Trouble("zoom/main", NOON - PATIENCE)]) == [Sign(Rule.PROVIDER_RESTS, "zoom/main")]


async def test_the_door_notices_that_the_worker_is_quiet() -> None:
    fresh = DoorRound(Board(), NOON)  # type: ignore[arg-type]
    assert not await fresh(NOON + WORKER_QUIET - timedelta(seconds=1))
    assert await fresh(NOON + WORKER_QUIET) == [Sign(Rule.WORKER_QUIET)]
    busy = DoorRound(Board(a_job("a", started=NOON + WORKER_QUIET)), NOON)  # type: ignore[arg-type]
    assert not await busy(NOON + WORKER_QUIET)
