"""An alert is open once, and moved once, whoever looks. (OPS-09)"""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.oversight.alerts import SqlAlertLog
from domain.oversight.alert import Alert, Rule, Status
from fakes.alerts import MemoryAlertLog
from fakes.clock import NOON
from fakes.ids import SequentialIds
from ports.oversight.alerts import AlertLog

IDS = SequentialIds()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def log(request: pytest.FixtureRequest) -> AlertLog:
    if request.param == "memory":
        return MemoryAlertLog()
    return SqlAlertLog(request.getfixturevalue("database"))


def an_alert(rule: Rule = Rule.GIVEN_UP, subject: str = "outbox") -> Alert:
    return Alert(id=IDS(), rule=rule, subject=subject, number=2, since=NOON, changed_at=NOON)


async def test_one_is_open_of_each_rule_and_subject(log: AlertLog) -> None:
    first, other = an_alert(), an_alert(subject="webhooks")
    assert sorted(await asyncio.gather(log.add(first), log.add(an_alert()), log.add(an_alert()))) == [
        False,
        False,
        True,
    ]
    assert await log.add(other)
    kept = await log.open()
    assert {alert.key for alert in kept} == {first.key, other.key}
    assert all(alert.status is Status.RAISED and alert.since == NOON for alert in kept)


async def test_it_is_moved_once_and_closed_it_makes_room(log: AlertLog) -> None:
    alert, later = an_alert(), NOON + timedelta(minutes=1)
    await log.add(alert)
    told = alert.told(at=later)
    assert await log.move(told, was=Status.RAISED)
    assert not await log.move(told, was=Status.RAISED)
    assert list(await log.open()) == [told]

    over = told.seen(False, at=later)
    assert await log.move(over, was=Status.TOLD)
    assert await log.move(over.told(at=later), was=Status.OVER)
    assert not await log.open()
    assert await log.add(msgspec.structs.replace(alert, id=IDS()))


async def test_one_looks_at_a_time(log: AlertLog) -> None:
    async with log.alone() as mine, log.alone() as too:
        assert (mine, too) == (True, False)
    async with log.alone() as again:
        assert again


@pytest.mark.postgres
async def test_nothing_waits_in_an_empty_school(database: AsyncEngine) -> None:
    found = await SqlAlertLog(database).backlogs(NOON)
    assert [(each.queue, each.waiting, each.dead, each.oldest_due_at) for each in found] == [
        ("outbox", 0, 0, None),
        ("deliveries", 0, 0, None),
        ("webhooks", 0, 0, None),
    ]


async def test_what_is_over_is_read_newest_first_a_page_at_a_time(log: AlertLog) -> None:
    for number in range(3):
        alert = msgspec.structs.replace(an_alert(subject=f"q{number}"), since=NOON + timedelta(hours=number))
        await log.add(alert)
        await log.move(alert.seen(False, at=NOON + timedelta(hours=9)), was=Status.RAISED)
    await log.add(an_alert(subject="open"))

    first = await log.past(limit=2)
    second = await log.past(limit=2, cursor=first.next_cursor)

    assert [alert.subject for alert in (*first.items, *second.items)] == ["q2", "q1", "q0"]
    assert first.items[0].until == NOON + timedelta(hours=9)
    assert second.next_cursor is None
