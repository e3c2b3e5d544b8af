"""Ten thousand people with an open connection: ``python bench/bench_connections.py``. About a minute and a half.

Each of two servers, the door as in production and the bare one, has one processor for itself, holds 10,000 connections
and is asked for a lesson 1,000 times a second, on one connection after the other, whether it is done with the former or
not. They take turns; nobody may be refused, cut off or forgotten. Client and database share the other processor. Where
fewer descriptors are allowed, there are fewer connections, and the table says how many. (OPS-01, OPS-02)
"""

import asyncio
import gc
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from bench_requests import LEARNER, PASSWORD, settle
from load import get
from report import finish
from servers import _CPU, door_settings, server, sign_in

from support.postgres import TestPostgres, shared_server
from support.valkey import throwaway_valkey

PEOPLE: Final = int(os.environ.get("BENCH_PEOPLE", "10000"))
A_SECOND: Final = int(os.environ.get("BENCH_RATE", "1000"))
SECONDS: Final = 8
ROUNDS: Final = 2
LATE_S: Final = 10
AT_ONCE: Final = 200
SETTLED_S: Final = 1.0
"""Until the last of the connections is known to the server."""
SPARE: Final = 500
"""Descriptors for everything else."""


class Seen(NamedTuple):
    answered: int
    missed: int
    p50: float
    p95: float


class One(asyncio.Protocol):
    """One connection: at most one request under way. An answer counts when its announced length has come."""

    def __init__(self, took: list[float]) -> None:
        self._took, self._began, self._got = took, 0.0, b""
        self.transport: asyncio.Transport | None = None
        self.lost = self.broken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def ask(self, request: bytes) -> bool:
        if self.lost or self._began or self.transport is None:
            return False
        self._began, self._got = perf_counter(), b""
        self.transport.write(request)
        return True

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, body = self._got.partition(b"\r\n\r\n")
        if not end:
            return
        lowered = head.lower()
        at = lowered.index(b"content-length:") + 15
        if len(body) >= int(lowered[at:].split(b"\r\n", 1)[0]):
            if head[9:12] == b"200":
                self._took.append(perf_counter() - self._began)
            else:
                self.broken = True
            self._began = 0.0


async def connect(port: int, count: int, took: list[float]) -> list[One]:
    loop, found = asyncio.get_running_loop(), []
    for first in range(0, count, AT_ONCE):
        many = range(first, min(first + AT_ONCE, count))
        opened = (loop.create_connection(lambda: One(took), "127.0.0.1", port) for _ in many)
        found += [protocol for _, protocol in await asyncio.gather(*opened)]
    return found


async def press(people: list[One], request: bytes, took: list[float]) -> Seen:
    """Asks on one after the other, at a steady pace, and waits for those who are late."""
    took.clear()
    began, asked, refused = perf_counter(), 0, 0
    for number in range(A_SECOND * SECONDS):
        ahead = began + number / A_SECOND - perf_counter()
        if ahead > 0:
            await asyncio.sleep(ahead)
        if people[number % len(people)].ask(request):
            asked += 1
        else:
            refused += 1
    for _ in range(LATE_S * 20):
        if len(took) >= asked:
            break
        await asyncio.sleep(0.05)
    ordered = sorted(took)
    p50, p95 = (ordered[int(len(ordered) * part)] * 1000 if ordered else float("inf") for part in (0.5, 0.95))
    return Seen(len(took), refused + asked - len(took), p50, p95)


async def measure(database: TestPostgres, redis: str, folder: Path, count: int) -> dict[str, float]:
    name = await database.clone()
    lesson = await settle(database, name)
    url = database.url_of(name)
    plain = {"BARE_DATABASE": url.replace("postgresql+asyncpg", "postgresql")}
    with ExitStack() as running:
        ports = {
            "bare": running.enter_context(server("bare", "bare.py", folder=folder, settings=plain)),
            "live": running.enter_context(
                server("live", "doors.py", "live", folder=folder, settings=door_settings(folder, url, redis))
            ),
        }
        request = get(f"/api/v1/bookings/{lesson}", sign_in(ports["live"], LEARNER, PASSWORD))
        alone(ports)
        seen: dict[str, list[Seen]] = {kind: [] for kind in ports}
        memory: dict[str, float] = {}
        for round_ in range(ROUNDS + 1):
            for kind, port in ports.items():
                before, took = resident(port), list[float]()
                people = await connect(port, count, took)
                with undisturbed():
                    await asyncio.sleep(SETTLED_S)
                    found = await press(people, request, took)
                memory.setdefault(kind, (resident(port) - before) / count)
                for one in people:
                    if one.transport is not None:
                        one.transport.abort()
                await asyncio.sleep(0.5)
                if round_:
                    seen[kind].append(found)
    await database.drop(name)
    p95 = {kind: statistics.median(one.p95 for one in rounds) for kind, rounds in seen.items()}
    return {
        "connections": count,
        "requests a second": float(A_SECOND),
        "missed": float(sum(one.missed for one in seen["live"])),
        "missed by the bare server": float(sum(one.missed for one in seen["bare"])),
        "p50, ms": statistics.median(one.p50 for one in seen["live"]),
        "p95, ms": p95["live"],
        "p95 of the bare server, ms": p95["bare"],
        "p95 / bare": p95["live"] / p95["bare"],
        "memory of a connection, KiB": memory["live"],
    }


@contextmanager
def undisturbed() -> Iterator[None]:
    """Without the collector of cycles: ours would stop the clock of both servers for a tenth of a second at a time."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def alone(ports: dict[str, int]) -> None:
    """The servers on the first processor, everybody else on the others, where there is more than one."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > 1:
        for port in ports.values():
            os.sched_setaffinity(_CPU[port], {processors[0]})
        os.sched_setaffinity(0, set(processors[1:]))


def resident(port: int) -> int:
    """KiB of memory that a server holds."""
    lines = Path(f"/proc/{_CPU[port]}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def room() -> int:
    """How many connections the descriptors allow, once all that may be had are asked for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(PEOPLE, hard - SPARE)


def main() -> None:
    count = room()
    with (
        tempfile.TemporaryDirectory(prefix="halaqa-bench-") as folder,
        shared_server("bench") as database,
        throwaway_valkey() as redis,
    ):
        figures = asyncio.run(measure(database, redis, Path(folder), count))
    finish("connections", figures)


if __name__ == "__main__":
    main()
