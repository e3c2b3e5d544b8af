"""Figures are worked out once in a while, and say what time they are of. (ADM-01)"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from adapters.cache import MemoryCache
from application.remembered import Remembered, Stamped
from domain.ids import AcademyId
from fakes.clock import NOON, FixedClock
from ports.academy import within


class Figures:
    def __init__(self) -> None:
        self.clock, self.counted = FixedClock(NOON), 0
        self.cache = MemoryCache(lambda: self.clock.now().timestamp())
        self.remembered = self.another()

    def another(self) -> Remembered[dict[str, int]]:
        return Remembered(self.cache, self.clock, dict[str, int], name="figures", for_s=30)

    async def work(self, now: datetime) -> dict[str, int]:
        self.counted += 1
        await asyncio.sleep(0)
        return {"lessons": self.counted}


async def test_two_calls_in_their_time_are_one_count_with_its_stamp() -> None:
    figures = Figures()
    await figures.remembered.of(figures.work)
    figures.clock.advance(timedelta(seconds=20))

    # as another process would
    assert await figures.another().of(figures.work) == Stamped(NOON, {"lessons": 1})


async def test_many_at_once_are_one_count() -> None:
    figures = Figures()

    await asyncio.gather(*(figures.remembered.of(figures.work) for _ in range(10)))

    assert figures.counted == 1


async def test_after_their_time_they_are_counted_anew() -> None:
    figures = Figures()
    await figures.remembered.of(figures.work)

    later = figures.clock.advance(timedelta(seconds=31))

    assert await figures.remembered.of(figures.work) == Stamped(later, {"lessons": 2})


async def test_each_academy_has_its_own() -> None:
    # ADM-10
    figures = Figures()
    await figures.remembered.of(figures.work)

    with within(AcademyId(UUID(int=2))):
        assert (await figures.remembered.of(figures.work)).value == {"lessons": 2}


async def test_what_another_release_has_written_is_counted_anew() -> None:
    figures = Figures()
    await figures.cache.put("figures", b"\x93 of another shape", for_s=30)

    assert (await figures.remembered.of(figures.work)).value == {"lessons": 1}


async def test_without_a_cache_each_call_counts() -> None:
    figures = Figures()
    always = Remembered(None, figures.clock, dict[str, int], name="figures", for_s=30)

    assert [(await always.of(figures.work)).value["lessons"] for _ in range(2)] == [1, 2]
