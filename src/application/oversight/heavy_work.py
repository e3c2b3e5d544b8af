"""Answers that cost much wait their turn, so that everybody else's stay quick. (API-03)

A process makes a few of them at a time, and one for each person; a short line waits, whoever finds it full or waits too
long is asked to come back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Generic, TypeVar

from domain.errors import TooMany
from domain.identity.actor import Actor
from domain.ids import UserId

RESTS: Final = 5.0
"""Times as long as was worked."""
LONGEST_REST_S: Final = 1.0
T = TypeVar("T")
AT_ONCE: Final = 2
LINE: Final = 8
PATIENCE_S: Final = 3.0
COME_BACK_S: Final = 5


class Crowded(TooMany):
    code = "heavy_work_waits"


async def rest(worked_s: float) -> None:
    """Between the pieces of heavy work: a few who do it at once leave most of a processor to everybody else."""
    await asyncio.sleep(min(RESTS * worked_s, LONGEST_REST_S))


class Turn:
    """Ends once, however often it is told to."""

    __slots__ = ("_of", "_who")

    def __init__(self, of: "HeavyWork", who: UserId) -> None:
        self._of: HeavyWork | None = of
        self._who = who

    def end(self) -> None:
        if self._of is not None:
            self._of._end(self._who)
            self._of = None


class Kept(Generic[T]):
    """What comes piece by piece keeps its turn until the last one; also where the reader goes away before the first."""

    def __init__(self, pieces: AsyncIterator[T], turn: Turn) -> None:
        self._pieces, self._turn = pieces, turn

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        try:
            return await anext(self._pieces)
        except BaseException:
            self._turn.end()
            raise

    def __del__(self) -> None:
        self._turn.end()


class HeavyWork:
    """``at_once`` of all people together, one of each; ``line``: how many wait, each for ``patience_s``."""

    def __init__(self, at_once: int = AT_ONCE, *, line: int = LINE, patience_s: float = PATIENCE_S) -> None:
        self._at_once, self._line, self._patience_s = at_once, line, patience_s
        self._at_work: set[UserId] = set()
        self._waiting: list[asyncio.Future[None]] = []

    async def take(self, actor: Actor) -> Turn:
        """Raises Crowded. Whoever took a turn ends it."""
        who = actor.user_id
        try:
            async with asyncio.timeout(self._patience_s):
                while who in self._at_work or len(self._at_work) >= self._at_once:
                    await self._wait()
        except TimeoutError:
            raise self._crowded() from None
        self._at_work.add(who)
        return Turn(self, who)

    @asynccontextmanager
    async def turn(self, actor: Actor) -> AsyncIterator[None]:
        """Raises Crowded."""
        turn = await self.take(actor)
        try:
            yield
        finally:
            turn.end()

    async def _wait(self) -> None:
        if len(self._waiting) >= self._line:
            raise self._crowded()
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    def _crowded(self) -> Crowded:
        return Crowded("exports and reports wait their turn; try again in a moment", retry_after_s=COME_BACK_S)

    def _end(self, who: UserId) -> None:
        self._at_work.discard(who)
        for place in self._waiting:
            if not place.done():
                place.set_result(None)
