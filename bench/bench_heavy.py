"""Fifty exports and reports are asked for at once while others read and hold lessons: ``python bench/bench_heavy.py``.

A minute and a half, longer on a busy machine. Fifty people of the office ask without pause, half of them for the whole
audit log (50,000 entries), the others for a proof of the ledger over 20,000 payments; who is told to come back asks
again after a second. They ask at the office's door, which is a process of its own; exports of one's own data are put
together by the worker and are not among them. Rounds alternate: alone, and beside them. The figure is p95 beside / p95
alone, the median over the rounds; two read or hold at a time, since where the processors are all busy anyhow p95 says
nothing. Loopback only. (API-03)
"""

import asyncio
import os
import statistics
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any, Final
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import asyncpg
import msgspec
from load import Load, get, load, load_of, post
from people import tokens_of
from report import finish
from school import Size, fill
from servers import door_settings, processor_s, server
from uuid_utils.compat import uuid7

from domain.identity.permission import Audience, Role
from domain.ids import UserId
from fakes.identity import a_user
from support.postgres import TestPostgres, shared_server
from support.units import postgres_units
from support.valkey import throwaway_valkey

SIZE: Final = Size(qaris=200, users=4_000, lessons=40_000)
ENTRIES: Final = 50_000
OFFICE: Final = 50
ROUNDS: Final = int(os.environ.get("BENCH_ROUNDS", "3"))
SECONDS: Final = 1.5
READERS: Final = 2
HOLDERS: Final = 2
IMPATIENCE_S: Final = 1.0
_ENTRIES: Final = """
    INSERT INTO audit_log (academy_id, seq, at, actor_id, role, audience, action, subject_kind, subject_id, before,
                           after, reason, request_id, previous_hash, hash)
    SELECT (SELECT id FROM academies), n, now() - n * interval '1 minute', (SELECT id FROM users LIMIT 1), 'admin',
           'admin', 'booking.change', 'booking', md5(n::text), '{"status": "held"}', '{"status": "confirmed"}',
           'somebody asked for it', md5('r' || n), '\\x00', '\\x00'
      FROM generate_series(1, $1::bigint) AS n
"""
_LESSON: Final = """
    SELECT id, learner_id FROM bookings WHERE status = 'confirmed' AND starts_at > now() LIMIT 1
"""


class School(msgspec.Struct):
    lesson: UUID
    learner: str
    office: list[str]
    qaris: list[UUID]


async def settle(database: TestPostgres, name: str) -> School:
    url = database.url_of(name).replace("postgresql+asyncpg", "postgresql")
    await fill(url, SIZE)
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url)
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(_ENTRIES, ENTRIES)
        await connection.execute("UPDATE audit_head SET seq = $1", ENTRIES)
    await connection.execute("ANALYZE audit_log")
    lesson = await connection.fetchrow(_LESSON)
    qaris = await connection.fetch("SELECT user_id FROM qaris LIMIT 100")
    await connection.close()
    assert lesson is not None
    engine = database.engine(name)
    new_unit = postgres_units(engine)
    office = [
        a_user(id=UserId(UUID(int=number)), email=f"office{number}@example.org", roles=frozenset({Role.ADMIN}))
        for number in range(1, OFFICE + 1)
    ]
    async with new_unit() as unit:
        for person in office:
            await unit.users.add(person)
        await unit.commit()
    learner = UserId(UUID(int=lesson["learner_id"].int))
    mine = await tokens_of(new_unit, [learner], Role.STUDENT)
    theirs = await tokens_of(new_unit, [person.id for person in office], Role.ADMIN, Audience.ADMIN)
    await engine.dispose()
    return School(lesson["id"], mine[learner], list(theirs.values()), [row["user_id"] for row in qaris])


class Office:
    """Fifty people in a process of their own, so that what they read is not in the way of who measures. ``done``:
    answers by their status; ``size``: bytes of whole ones.
    """

    def __init__(self, port: int, tokens: list[str]) -> None:
        self._port, self._tokens = port, tokens
        self.done: Counter[int] = Counter()
        self.size = 0

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, "office", str(self._port), stdin=PIPE, stdout=PIPE
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(" ".join(self._tokens).encode() + b"\n")
        await process.stdout.readline()
        try:
            yield
        finally:
            process.stdin.close()
            said = msgspec.json.decode(await process.stdout.read())
            await process.wait()
        if said["trouble"]:
            raise RuntimeError(said["trouble"])
        self.done += Counter({int(status): times for status, times in said["done"].items()})
        self.size += said["size"]


async def be_the_office(port: int, tokens: list[str]) -> None:
    """Until standard input ends."""
    done: Counter[int] = Counter()
    size, trouble = 0, ""

    async def ask(number: int, token: str) -> None:
        nonlocal size, trouble
        path = ("/api/v1/staff/audit/export?format=csv", "/api/v1/ledger/check?ask_providers=false")[number % 2]
        while not trouble:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(get(path, token).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                status, length = int((await reader.readline())[9:12]), 0
                while more := await reader.read(1 << 18):
                    length += len(more)
            finally:
                writer.close()
            done[status] += 1
            if status == 200:
                size += length
            elif status == 429:
                await asyncio.sleep(IMPATIENCE_S)
            else:
                trouble = f"{path} was answered with {status}"

    people = [asyncio.create_task(ask(number, token)) for number, token in enumerate(tokens)]
    await asyncio.sleep(0.5)
    print("at work", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for person in people:
        person.cancel()
    await asyncio.gather(*people, return_exceptions=True)
    print(msgspec.json.encode({"done": dict(done), "size": size, "trouble": trouble}).decode())


async def measure(database: TestPostgres, redis: str, folder: Path) -> dict[str, float]:
    name = await database.clone()
    school = await settle(database, name)
    settings = door_settings(folder, database.url_of(name), redis)
    taken, first = count(), datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=32)

    def wish() -> bytes:
        number = next(taken)
        start = first + timedelta(minutes=30 * (number // len(school.qaris) % 400))
        body = {"qari_id": str(school.qaris[number % len(school.qaris)]), "starts_at": start.isoformat(), "minutes": 30}
        return post("/api/v1/bookings", msgspec.json.encode(body), school.learner, Idempotency_Key=uuid7().hex)

    with ExitStack() as running:
        main = running.enter_context(server("live", "doors.py", "live", folder=folder, settings=settings))
        admin = running.enter_context(server("admin", "doors.py", "admin", folder=folder, settings=settings))
        office = Office(admin, school.office)

        async def read() -> Load:
            return await load(
                main, get(f"/api/v1/bookings/{school.lesson}", school.learner), connections=READERS, seconds=SECONDS
            )

        async def hold() -> Load:
            return await load_of(main, wish, connections=HOLDERS, seconds=SECONDS, expect={201, 409, 422})

        figures: dict[str, float] = {}
        for what, work in (("reads", read), ("holds", hold)):
            figures |= await beside(what, work, office, main, admin)
    await database.drop(name)
    return figures | {
        "exports and reports made": office.done[200],
        "asked to come back": office.done[429],
        "MiB of them": office.size / 2**20,
    }


async def beside(
    what: str, work: Callable[[], Awaitable[Load]], office: Office, main: int, admin: int
) -> dict[str, float]:
    alone, together, used, theirs = [], [], [], []
    for round_ in range(ROUNDS + 1):
        before = processor_s(main)
        quiet = await work()
        quiet_us = (processor_s(main) - before) / quiet.made * 1e6
        async with office.at_work():
            before, admin_before, began = processor_s(main), processor_s(admin), perf_counter()
            busy = await work()
            busy_us = (processor_s(main) - before) / busy.made * 1e6
            share = (processor_s(admin) - admin_before) / (perf_counter() - began)
        if round_:
            alone.append(quiet)
            together.append(busy)
            used.append(busy_us / quiet_us)
            theirs.append(share)
    return {
        f"{what} alone, p95 ms": statistics.median(one.p95 for one in alone),
        f"{what} beside 50 exports, p95 ms": statistics.median(one.p95 for one in together),
        f"{what} beside 50 exports": statistics.median(
            busy.p95 / quiet.p95 for busy, quiet in zip(together, alone, strict=True)
        ),
        f"{what} beside 50 exports, processor time of each": statistics.median(used),
        f"office's door meanwhile, processors ({what})": statistics.median(theirs),
    }


def main() -> None:
    if sys.argv[1:2] == ["office"]:
        asyncio.run(be_the_office(int(sys.argv[2]), sys.stdin.readline().split()))
        return
    with (
        tempfile.TemporaryDirectory(prefix="halaqa-bench-") as folder,
        shared_server("bench") as database,
        throwaway_valkey() as redis,
    ):
        figures = asyncio.run(measure(database, redis, Path(folder)))
    finish("heavy", figures)


if __name__ == "__main__":
    main()
