"""Whichever process meets a provider that fails, the office hears of it. (OPS-09, OPS-12)"""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.outgoing.troubles import Troubles
from adapters.persistence.oversight.troubles import FORGOTTEN, TroubleLog
from fakes.clock import NOON, FixedClock
from ports.oversight.health import Trouble

pytestmark = pytest.mark.postgres


@pytest.fixture
async def log(database: AsyncEngine) -> tuple[TroubleLog, FixedClock]:
    clock = FixedClock(NOON)
    return TroubleLog(database, clock), clock


async def test_a_trouble_stands_until_it_is_over(log: tuple[TroubleLog, FixedClock]) -> None:
    troubles, clock = log
    await troubles.write("stripe/school", "opened")
    clock.advance(timedelta(minutes=10))
    await troubles.write("stripe/school", "half-opened")
    await troubles.write("zoom/main", "opened")

    standing = await troubles.standing(clock.now())
    assert standing == [Trouble("stripe/school", NOON), Trouble("zoom/main", clock.now())]

    await troubles.write("stripe/school", "closed")
    assert [one.gateway for one in await troubles.standing(clock.now())] == ["zoom/main"]


async def test_what_a_dead_process_left_is_forgotten(log: tuple[TroubleLog, FixedClock]) -> None:
    troubles, clock = log
    await troubles.write("stripe/school", "opened")
    clock.advance(FORGOTTEN + timedelta(seconds=1))
    assert await troubles.standing(clock.now()) == []

    await troubles.write("stripe/school", "opened")
    assert await troubles.standing(clock.now()) == [Trouble("stripe/school", clock.now())]


async def test_a_guard_does_not_wait_for_the_log(log: tuple[TroubleLog, FixedClock]) -> None:
    troubles, clock = log
    told = Troubles(troubles.note)

    told("stripe/school", "opened")
    assert told.resting == {"stripe/school"}
    await troubles.written()
    assert [one.gateway for one in await troubles.standing(clock.now())] == ["stripe/school"]
    told("stripe/school", "closed")
    assert told.resting == frozenset()
    await troubles.written()
    assert await troubles.standing(clock.now()) == []
