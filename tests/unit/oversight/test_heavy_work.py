"""Fifty exports at once: a few are made, the others hear when to come back, and nobody else waits. (API-03)"""

import asyncio
import gc
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from application.oversight import heavy_work
from application.oversight.heavy_work import AT_ONCE, LINE, Crowded, HeavyWork, Kept
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import UserId


def somebody(number: int) -> Actor:
    return Actor(user_id=UserId(UUID(int=number)), role=Role.ADMIN, audience=Audience.ADMIN)


async def test_of_fifty_at_once_two_are_made_eight_wait_and_forty_come_back() -> None:
    # API-03
    heavy, at_work, most = HeavyWork(), 0, 0

    async def export(number: int) -> None:
        nonlocal at_work, most
        async with heavy.turn(somebody(number)):
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0.005)
            at_work -= 1

    done = await asyncio.gather(*(export(number) for number in range(50)), return_exceptions=True)
    refused = [error for error in done if isinstance(error, Crowded)]
    assert most == AT_ONCE
    assert len(refused) == 50 - AT_ONCE - LINE
    assert all(error.details["retry_after_s"] for error in refused)
    assert [error for error in done if error is not None and not isinstance(error, Crowded)] == []
    await export(1)


async def test_one_person_has_one_turn_and_does_not_take_the_others() -> None:
    heavy = HeavyWork(patience_s=0.01)
    turn = await heavy.take(somebody(1))
    with pytest.raises(Crowded):
        await heavy.take(somebody(1))
    other = await heavy.take(somebody(2))
    turn.end()
    turn.end()
    (await heavy.take(somebody(1))).end()
    other.end()


async def test_a_failure_gives_the_turn_back() -> None:
    heavy = HeavyWork(1, patience_s=0.01)
    with pytest.raises(ZeroDivisionError):
        async with heavy.turn(somebody(1)):
            _ = 1 / 0
    (await heavy.take(somebody(2))).end()


async def pieces(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


async def test_what_comes_in_pieces_keeps_its_turn_until_the_last_one() -> None:
    heavy = HeavyWork(1, patience_s=0.01)
    stream = Kept(pieces(2), await heavy.take(somebody(1)))
    assert await anext(stream) == 0
    with pytest.raises(Crowded):
        await heavy.take(somebody(2))
    assert [piece async for piece in stream] == [1]
    (await heavy.take(somebody(2))).end()


async def test_a_reader_who_never_began_keeps_nobody_waiting() -> None:
    heavy = HeavyWork(1, patience_s=0.01)
    stream = Kept(pieces(2), await heavy.take(somebody(1)))
    del stream
    gc.collect()
    (await heavy.take(somebody(2))).end()


async def test_a_rest_is_longer_than_the_work_and_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    # API-03
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)

    for worked_s in (0.01, 0.1, 60.0):
        await heavy_work.rest(worked_s)

    assert slept == pytest.approx([0.05, 0.5, heavy_work.LONGEST_REST_S])
