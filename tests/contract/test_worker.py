"""Nudges over a real Valkey, and scheduled work that runs once. (OPS-14)"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest
from arq.connections import ArqRedis, RedisSettings
from arq.worker import Worker
from redis.asyncio import ConnectionPool

from adapters.messaging.wakeup import SEATS, RedisWakeup
from entrypoints.worker import QUEUES, SWEEPS, build_worker
from fakes.notification import MemoryJobBoard
from ports.jobs import JobBoard

# ARQ closes its pool by the old name.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")


class Desk:
    """Counts what is done."""

    def __init__(self) -> None:
        self.runs: dict[str, int] = {}
        self.done = asyncio.Condition()
        self.gate: asyncio.Event | None = None

    def job(self, name: str) -> Callable[[], Awaitable[int]]:
        async def run() -> int:
            async with self.done:
                self.runs[name] = self.runs.get(name, 0) + 1
                self.done.notify_all()
            if self.gate is not None:
                await self.gate.wait()
            return 1

        return run

    async def until(self, name: str, times: int) -> None:
        async with asyncio.timeout(10), self.done:
            await self.done.wait_for(lambda: self.runs.get(name, 0) >= times)


async def nothing() -> None: ...


def a_worker(url: str, desk: Desk, board: JobBoard) -> Worker:
    names = {*QUEUES.values(), *(sweep.name for sweep in SWEEPS)}
    return build_worker(
        {name: desk.job(name) for name in names},
        board,
        RedisSettings.from_dsn(url),
        on_startup=nothing,
        on_shutdown=nothing,
        handle_signals=False,
    )


@asynccontextmanager
async def at_work(*workers: Worker) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(worker.async_run()) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for worker in workers:
            await asyncio.gather(*worker.tasks.values())
            await worker.close()


@pytest.fixture
async def redis(valkey_url: str) -> AsyncIterator[ArqRedis]:
    client = ArqRedis(
        connection_pool=ConnectionPool.from_url(valkey_url),
        job_serializer=msgspec.msgpack.encode,
        job_deserializer=msgspec.msgpack.decode,
    )
    yield client
    await client.aclose()
    await client.connection_pool.disconnect()


async def test_a_nudge_starts_the_use_case_of_its_queue(valkey_url: str, redis: ArqRedis) -> None:
    desk = Desk()
    async with at_work(a_worker(valkey_url, desk, MemoryJobBoard())):
        for queue in QUEUES:
            await RedisWakeup(redis).nudge(queue)

        for name in QUEUES.values():
            await desk.until(name, 1)


async def test_many_nudges_take_few_seats(valkey_url: str, redis: ArqRedis) -> None:
    for _ in range(50):
        await RedisWakeup(redis).nudge("outbox")

    assert await redis.zcard("arq:queue") == SEATS


async def test_a_nudge_that_comes_while_the_job_runs_is_not_swallowed(valkey_url: str, redis: ArqRedis) -> None:
    desk, wakeup = Desk(), RedisWakeup(redis)
    desk.gate = asyncio.Event()
    async with at_work(a_worker(valkey_url, desk, MemoryJobBoard())):
        await wakeup.nudge("outbox")
        await desk.until("relay_events", 1)

        await wakeup.nudge("outbox")

        await desk.until("relay_events", 2)  # the first one still stands at the gate
        desk.gate.set()


async def test_a_flushed_valkey_stops_nothing(valkey_url: str, redis: ArqRedis) -> None:
    desk = Desk()
    async with at_work(a_worker(valkey_url, desk, MemoryJobBoard())):
        await RedisWakeup(redis).nudge("outbox")
        await desk.until("relay_events", 1)

        await redis.flushall()
        await RedisWakeup(redis).nudge("outbox")

        await desk.until("relay_events", 2)


async def test_a_nudge_without_a_valkey_is_lost_quietly_and_quickly() -> None:
    client = ArqRedis(connection_pool=ConnectionPool.from_url("redis://127.0.0.1:1"))

    async with asyncio.timeout(2):
        await RedisWakeup(client).nudge("outbox")

    await client.aclose()


async def test_two_schedulers_run_each_tick_once(valkey_url: str) -> None:
    desk, board = Desk(), MemoryJobBoard()
    first, second = (a_worker(valkey_url, desk, board) for _ in range(2))

    crons = [next(c for c in worker.cron_jobs if c.name == "sweep:sweep_meetings") for worker in (first, second)]
    await asyncio.gather(*(cron.coroutine({}) for cron in crons))

    assert desk.runs == {"sweep_meetings": 1}


async def test_a_sweep_that_fails_is_told_and_gives_its_turn_back(valkey_url: str) -> None:
    board = MemoryJobBoard()

    class Broken(Desk):
        def job(self, name: str) -> Callable[[], Awaitable[int]]:
            async def run() -> int:
                raise RuntimeError("the table is gone")

            return run

    worker = a_worker(valkey_url, Broken(), board)
    await next(c for c in worker.cron_jobs if c.name == "sweep:expire_holds").coroutine({})

    (state,) = await board.states()
    assert (state.last_error, state.running_until) == ("RuntimeError: the table is gone", None)


async def test_nudges_in_a_row_become_one_and_one_more(redis: ArqRedis) -> None:
    # OPS-05: the last of them is never lost, the ones between say nothing new
    wakeup, said = RedisWakeup(redis), []

    async def count(queue: str, **_: object) -> object:
        said.append(queue)
        return object()

    redis.enqueue_job = count  # type: ignore[method-assign, assignment]

    for _ in range(50):
        await wakeup.nudge("outbox")
    assert said == ["outbox"]
    await asyncio.sleep(0.1)

    assert said == ["outbox", "outbox"]
