"""What a request costs beside a server that only does its database work: ``python bench/bench_requests.py [part …]``.

Parts: ``read``, ``hold``, ``intake``, ``check`` (who is asking, alone). Loopback only; about a minute and a half.
``bare.py`` is what stands beside the door; for a read also Express with pg (``express.py``), where there is Node.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import asyncpg
import httpx
import msgspec
from bare import Bare
from express import Missing, express
from load import Load, get, load, load_of, post
from report import finish
from servers import ROUNDS, door_settings, in_turn, server, sign_in
from uuid_utils.compat import uuid7

from adapters.passwords import ArgonHasher
from adapters.payments.sandbox import signing
from domain.identity.permission import Audience, Role
from domain.ids import BookingId
from domain.time import TimeSlot
from entrypoints.closing import close_connections
from entrypoints.container import Container
from entrypoints.settings import load as load_settings
from fakes.booking import a_confirmed
from fakes.identity import a_user
from fakes.scheduling import QARI, a_calendar, a_qari, weekly
from support.postgres import TestPostgres, shared_server
from support.units import postgres_units
from support.valkey import throwaway_valkey

PASSWORD: Final = "a long enough password"  # noqa: S105 - of nobody
LEARNER: Final = "learner@example.org"
CONNECTIONS: Final = 8
WARM_S: Final = 4.0


PAST: Final = 3_000
_HISTORY: Final = """
    INSERT INTO bookings (id, starts_at, ends_at, busy_from, busy_until, {rest})
    SELECT gen_random_uuid(), starts_at - back, ends_at - back, busy_from - back, busy_until - back, {rest}
      FROM bookings, LATERAL (SELECT make_interval(mins => 30 * number) AS back FROM generate_series(100, $1) AS number)
"""


async def history(url: str) -> None:
    """Lessons that have been, and what the database knows of its tables once it has looked: elsewhere it looks itself
    within a minute (autovacuum), here nobody does, and plans would be those of empty tables.
    """
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        known = await connection.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'bookings'::regclass AND attnum > 0 AND NOT attisdropped"
        )
        own = {"id", "starts_at", "ends_at", "busy_from", "busy_until"}
        rest = ", ".join(row["attname"] for row in known if row["attname"] not in own)
        await connection.execute(_HISTORY.format(rest=rest), PAST)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def settle(database: TestPostgres, name: str) -> BookingId:
    """A learner, his Qari, a lesson of theirs, and those that they have had."""
    engine = database.engine(name)
    hashed = await ArgonHasher().hash(PASSWORD)
    learner = a_user(email=LEARNER, password_hash=hashed)
    qari = a_user(id=QARI, email="qari@example.org", roles=frozenset({Role.QARI}), password_hash=hashed)
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    lesson = a_confirmed(slot=TimeSlot.lasting(start, 30), learner_id=learner.id, payer_id=learner.id)
    async with postgres_units(engine)() as unit:
        for user in (learner, qari):
            await unit.users.add(user)
        await unit.qaris.add(a_qari())
        await unit.availability.save(a_calendar(rules=weekly(("00:00", "24:00"))))
        assert await unit.bookings.hold(lesson)
        await unit.commit()
    await engine.dispose()
    await history(database.url_of(name))
    return lesson.id


async def read(ports: Mapping[str, int], token: str, lesson: BookingId) -> dict[str, float]:
    path = f"/api/v1/bookings/{lesson}"
    _same_answer(ports, path, token)

    async def run(kind: str, port: int) -> Load:
        wanted = "/api/v1/auth/none" if kind == "unknown" else path
        return await load(port, get(wanted, token), connections=CONNECTIONS, seconds=SECONDS)

    if "express" in ports:  # V8 makes machine code of what has run some thousand times
        await load(ports["express"], get(path), connections=CONNECTIONS, seconds=WARM_S)
    turns = await in_turn(ports, run)
    figures = {f"read {kind}, req/s": turns.rate(kind) for kind in ports}
    figures["read / bare"] = turns.cost("main")
    if "lent" in ports:
        figures["read / bare at best"] = turns.cost("main") / turns.cost("lent")
    if "express" in ports:
        figures["read / Express"] = turns.cost("main") / turns.cost("express")
        figures["read Express, µs of processor time"] = turns.processor_us("express")
    figures["read / bare, processor time"] = turns.processor("main")
    figures["read, µs of processor time"] = turns.processor_us("main")
    return figures


async def check(ports: Mapping[str, int], token: str, lesson: BookingId, url: str, redis: str) -> dict[str, float]:
    """``Authenticate`` alone, in this process with eight that ask at once; a read of the bare server beside it as it is
    served, and without its server, in this process as well.
    """
    settings = msgspec.structs.replace(load_settings(), database_url=url, redis_url=redis)
    container = Container(settings, Audience.MAIN)
    authenticate = container.authenticate()
    bare = Bare(url.replace("postgresql+asyncpg", "postgresql"), lent=False)
    scope = {"path": f"/api/v1/bookings/{lesson}"}

    async def signed_in() -> None:
        assert await authenticate(token) is not None

    async def bare_read() -> None:
        assert (await bare._read(scope, None))[0] == 200

    await bare.open()
    alone: dict[str, list[tuple[float, float]]] = {"check": [], "read": []}
    served = []
    for _ in range(ROUNDS + 1):
        found = await load(ports["bare"], get(scope["path"], token), connections=CONNECTIONS, seconds=SECONDS / 2)
        served.append(1 / found.rate)
        alone["check"].append(await _each(signed_in))
        alone["read"].append(await _each(bare_read))
    await bare.close()
    await close_connections(container)
    checks = alone["check"][1:]

    def in_units_of(units: list[float]) -> float:
        return statistics.median(one[0] / unit for one, unit in zip(checks, units[1:], strict=True))

    return {
        "sign-in check, µs": statistics.median(one[0] for one in checks) * 1e6,
        "sign-in check, µs of processor time": statistics.median(one[1] for one in checks) * 1e6,
        "sign-in check / bare read": in_units_of(served),
        "sign-in check / bare read without a server": in_units_of([one[0] for one in alone["read"]]),
    }


async def _each(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Seconds of one, by the clock and of this process's processor time, where eight go on at once."""
    began, used, done = time.perf_counter(), time.process_time(), 0

    async def one() -> None:
        nonlocal done
        while time.perf_counter() - began < SECONDS / 2:
            await work()
            done += 1

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return (time.perf_counter() - began) / done, (time.process_time() - used) / done


async def hold(ports: Mapping[str, int], token: str) -> dict[str, float]:
    """Each hold takes another half hour of the next year; the product's bookings end in its outbox."""
    taken = count()
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=2)

    def following() -> bytes:
        start = first + timedelta(minutes=30 * next(taken))
        body = {"qari_id": str(QARI), "starts_at": start.isoformat(), "minutes": 30}
        return post("/api/v1/bookings", msgspec.json.encode(body), token, Idempotency_Key=uuid7().hex)

    async def run(_: str, port: int) -> Load:
        return await load_of(port, following, connections=CONNECTIONS, seconds=SECONDS, expect={201})

    # What the bare server copies is there as soon as the product has held one.
    await load_of(ports["main"], following, connections=1, seconds=0.1, expect={201})
    turns = await in_turn({kind: ports[kind] for kind in ("bare", "main")}, run)
    return {
        "hold bare, req/s": turns.rate("bare"),
        "hold main, req/s": turns.rate("main"),
        "hold / bare": turns.cost("main"),
        "hold / bare, processor time": turns.processor("main"),
        "hold, µs of processor time": turns.processor_us("main"),
        "hold p99, ms": turns.p99("main"),
    }


async def intake(ports: Mapping[str, int]) -> dict[str, float]:
    """A signed message of the sandbox, each with an id of its own."""
    settings, at = load_settings(), datetime.now(UTC)
    checkout = dict.fromkeys(("reference", "url", "description", "payer_email", "success_url", "cancel_url"), "")
    checkout |= {"object": "checkout", "account": "school", "status": "open", "currency": "USD"}
    more = {
        "amount": 900,
        "refunded": 0,
        "metadata": {},
        "refunds": [],
        "expires_at": at,
        "created_at": at,
        "updated_at": at,
    }
    more |= dict.fromkeys(("decline_code", "charge", "card_brand", "card_last4"))

    def following() -> bytes:
        told = {"id": uuid7().hex, "type": "checkout.paid", "account": "school", "created_at": at}
        told["data"] = {"object": checkout | more | {"id": uuid7().hex}}
        raw = msgspec.json.encode(told)
        signature = signing.sign(raw, settings.sandbox_webhook_secrets, int(datetime.now(UTC).timestamp()))
        return post("/webhooks/sandbox/school", raw, **{signing.HEADER: signature})

    async def run(_: str, port: int) -> Load:
        return await load_of(port, following, connections=CONNECTIONS, seconds=SECONDS, expect={200})

    turns = await in_turn({kind: ports[kind] for kind in ("bare", "main")}, run)
    return {
        "intake bare, req/s": turns.rate("bare"),
        "intake main, req/s": turns.rate("main"),
        "intake / bare": turns.cost("main"),
        "intake / bare, processor time": turns.processor("main"),
    }


SECONDS: Final = float(os.environ.get("BENCH_SECONDS", "1"))


def _same_answer(ports: Mapping[str, int], path: str, token: str) -> None:
    """What is compared says the same."""
    headers = {"Host": "localhost", "Authorization": f"Bearer {token}"}
    said = [msgspec.json.decode(httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers).content)
            for port in ports.values()]  # fmt: skip
    assert all(each == said[0] for each in said), said


async def measure(database: TestPostgres, redis: str, folder: Path, parts: list[str]) -> dict[str, float]:
    name = await database.clone()
    lesson = await settle(database, name)
    url = database.url_of(name)
    plain = {"BARE_DATABASE": url.replace("postgresql+asyncpg", "postgresql")}
    figures: dict[str, float] = {}
    with ExitStack() as running:
        ports = {
            "bare": running.enter_context(server("bare", "bare.py", folder=folder, settings=plain)),
            "lent": running.enter_context(
                server("lent", "bare.py", folder=folder, settings=plain | {"BARE_POOL": "lent"})
            ),
            "main": running.enter_context(
                server("main", "doors.py", "main", folder=folder, settings=door_settings(folder, url, redis))
            ),
        }
        token = sign_in(ports["main"], LEARNER, PASSWORD)
        if "read" in parts:
            try:
                beside = {"express": running.enter_context(express(folder, url))}
            except Missing as why:
                print(f"Express with pg: not measured, {why}")
                beside = {}
            figures |= await read(ports | beside, token, lesson)
        if "check" in parts:
            figures |= await check(ports, token, lesson, url, redis)
        if "hold" in parts:
            figures |= await hold(ports, token)
        if "intake" in parts:
            figures |= await intake(ports)
    await database.drop(name)
    return figures


def main() -> None:
    parts = sys.argv[1:] or ["read", "check", "hold", "intake"]
    with (
        tempfile.TemporaryDirectory(prefix="halaqa-bench-") as folder,
        shared_server("bench") as database,
        throwaway_valkey() as redis,
    ):
        figures = asyncio.run(measure(database, redis, Path(folder), parts))
    finish("requests", figures)


if __name__ == "__main__":
    main()
