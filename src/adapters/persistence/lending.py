"""Connections that come back go straight to the next who asks.

SQLAlchemy's pool opens and closes them; between two statements it would add as much again as a short statement costs
(a connection object, a switch of stacks, a reset of what nobody has changed). Here a loan is two steps on a list. What
is in doubt (a statement that was interrupted, a transaction left open, a connection that has ended) is not lent again.
"""

import asyncio
import time
from collections import deque
from types import TracebackType
from typing import Any, Final, cast

import asyncpg
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

LONGEST_S: Final = 1800.0
"""So old connections are replaced: a server that was moved behind its name is found."""
PATIENCE_S: Final = 30.0


class Loan:
    """One connection; ``raw`` is what statements run on."""

    __slots__ = ("carrier", "raw", "since")

    def __init__(self, carrier: AsyncConnection, raw: "asyncpg.Connection[Any]") -> None:
        self.carrier, self.raw, self.since = carrier, raw, time.monotonic()

    @property
    def is_good(self) -> bool:
        return not self.raw.is_closed() and time.monotonic() - self.since < LONGEST_S


class Lender:
    """``most`` connections at once; who finds none waits in line. Raises SQLAlchemy's TimeoutError."""

    def __init__(self, most: int) -> None:
        self._most, self._open = most, 0
        self._idle: list[Loan] = []
        self._line: deque[asyncio.Future[Loan | None]] = deque()

    @property
    def open(self) -> int:
        return self._open

    @property
    def waiting(self) -> int:
        return sum(not each.done() for each in self._line)

    async def take(self, engine: AsyncEngine) -> Loan:
        while self._idle:
            loan = self._idle.pop()
            if loan.is_good:
                return loan
            await self._end(loan)
        if self._open >= self._most and (handed := await self._wait()) is not None:
            return handed
        self._open += 1
        try:
            carrier = await engine.connect()
            try:
                raw = (await carrier.get_raw_connection()).driver_connection
            except BaseException:
                await carrier.close()
                raise
        except BaseException:
            self._leave()
            raise
        return Loan(carrier, cast("asyncpg.Connection[Any]", raw))

    async def give(self, loan: Loan, *, doubtful: bool = False) -> None:
        if doubtful or not loan.is_good or loan.raw.is_in_transaction():
            await self._end(loan, broken=doubtful or loan.raw.is_in_transaction())
            return
        while self._line:
            waiting = self._line.popleft()
            if not waiting.done():
                waiting.set_result(loan)
                return
        self._idle.append(loan)

    async def close(self) -> None:
        """Those that nobody holds."""
        while self._idle:
            await self._end(self._idle.pop())

    async def _wait(self) -> Loan | None:
        """A loan, or None for the right to open one."""
        waiting: asyncio.Future[Loan | None] = asyncio.get_running_loop().create_future()
        self._line.append(waiting)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await waiting
        except BaseException as error:
            if waiting.done() and not waiting.cancelled() and (loan := waiting.result()) is not None:
                await self.give(loan)
            elif waiting.done() and not waiting.cancelled():
                self._leave(opened=False)
            if isinstance(error, TimeoutError):
                raise PoolTimeout("all database connections are in use") from error
            raise

    async def _end(self, loan: Loan, *, broken: bool = False) -> None:
        self._leave()
        if broken or loan.raw.is_closed():
            await loan.carrier.invalidate()
        await loan.carrier.close()

    def _leave(self, *, opened: bool = True) -> None:
        """Somebody who waits may open one instead."""
        self._open -= opened
        while self._line:
            waiting = self._line.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return


class LendingEngine(AsyncEngine):
    """An engine that knows who lends its connections."""

    def __init__(self, engine: AsyncEngine, most: int) -> None:
        super().__init__(engine.sync_engine)
        self.lender = Lender(most)

    async def dispose(self, close: bool = True) -> None:
        if close:
            await self.lender.close()
        await super().dispose(close)


class Lent:
    """``async with driver(engine) as connection``: see ``statement.driver``."""

    __slots__ = ("_engine", "_loan")

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __aenter__(self) -> "asyncpg.Connection[Any]":
        self._loan = await lend(self._engine)
        return self._loan.raw

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        doubtful = error is not None and not isinstance(error, Exception)
        await take_back(self._engine, self._loan, doubtful=doubtful)


async def lend(engine: AsyncEngine) -> Loan:
    if isinstance(engine, LendingEngine):
        return await engine.lender.take(engine)
    carrier = await engine.connect()
    raw = (await carrier.get_raw_connection()).driver_connection
    return Loan(carrier, cast("asyncpg.Connection[Any]", raw))


async def take_back(engine: AsyncEngine, loan: Loan, *, doubtful: bool) -> None:
    if isinstance(engine, LendingEngine):
        await engine.lender.give(loan, doubtful=doubtful)
        return
    if doubtful:
        await loan.carrier.invalidate()
    await loan.carrier.close()
