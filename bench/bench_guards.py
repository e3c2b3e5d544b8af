"""What knowing who is asking costs: ``python bench/bench_guards.py``. Needs about a minute and a half; loopback only.

* A signed-in read of one lesson with every guard on, beside the same read with the session taken from PostgreSQL and
  nobody counting (see ``doors.py``): rounds take turns, the figure is the median.
* Signing in, beside the bare password hash that it has to compute.
* Searching people among 100,000 accounts.
"""

import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import asyncpg
import httpx
from load import Load, get, load, post

from adapters.passwords import ArgonHasher
from domain.identity.permission import Role
from domain.time import TimeSlot
from fakes.booking import a_confirmed
from fakes.identity import a_user
from fakes.scheduling import QARI, a_calendar, a_qari, weekly
from support.postgres import TestPostgres, shared_server
from support.system import free_port
from support.units import postgres_units
from support.valkey import throwaway_valkey

HERE = Path(__file__).resolve().parent
ACCOUNTS = 100_000
PASSWORD = "a long enough password"  # noqa: S105 - of nobody
ROUNDS, SECONDS, CONNECTIONS = 5, 1.5, 8
NAMES = ("Amina", "Yusuf", "Maryam", "Bilal", "Zaynab", "Ibrahim", "Khadija", "Umar", "Fatima", "Hamza")
_PEOPLE = """
    WITH new AS (
        INSERT INTO users (id, academy_id, email, name, password_hash, zone, locale, status, onboarding, created_at,
            version)
        SELECT gen_random_uuid(), $1, 'person' || n || '@example.org',
               ($2::text[])[1 + n % 10] || ' ' || substr(md5(n::text), 1, 8), '', 'UTC', 'en', 'active', 'not_needed',
               now() - n * interval '1 minute', 1
        FROM generate_series(1, $3) AS n RETURNING id
    ) INSERT INTO user_roles (user_id, role) SELECT id, 'student' FROM new
"""


async def settle(server: TestPostgres, name: str) -> tuple[UUID, str, str]:
    """A lesson, and the addresses of who may read it and of an admin; beside them everybody else."""
    engine = server.engine(name)
    hashed = await ArgonHasher().hash(PASSWORD)
    learner = a_user(email="learner@example.org", password_hash=hashed)
    admin = a_user(number=2, email="admin@example.org", roles=frozenset({Role.ADMIN}), password_hash=hashed)
    qari = a_user(id=QARI, email="qari@example.org", roles=frozenset({Role.QARI}), password_hash=hashed)
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    lesson = a_confirmed(slot=TimeSlot.lasting(start, 30), learner_id=learner.id, payer_id=learner.id)
    async with postgres_units(engine)() as unit:
        for user in (learner, admin, qari):
            await unit.users.add(user)
        await unit.qaris.add(a_qari())
        await unit.availability.save(a_calendar(rules=weekly(("00:00", "24:00"))))
        assert await unit.bookings.hold(lesson)
        await unit.commit()
    await engine.dispose()
    connection = await asyncpg.connect(server.url_of(name).replace("postgresql+asyncpg", "postgresql"))
    try:
        first = await connection.fetchval("SELECT id FROM academies")
        await connection.execute(_PEOPLE, first, list(NAMES), ACCOUNTS)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return lesson.id, learner.email, admin.email


@contextmanager
def door(kind: str, folder: Path, database: str, redis: str) -> Iterator[int]:
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HALAQA_")} | {
        "HALAQA_DATA_DIR": str(folder),
        "HALAQA_DATABASE_URL": database,
        "HALAQA_REDIS_URL": redis,
        "HALAQA_LOG_LEVEL": "info",
        "HALAQA_LIMIT_ANONYMOUS": "100000000",
        "HALAQA_LIMIT_SIGNED_IN": "100000000",
        "PYTHONPATH": str(HERE.parent / "src"),
    }
    with (folder / f"{kind}.log").open("wb") as out:
        command = [sys.executable, str(HERE / "doors.py"), kind, str(port)]
        process = subprocess.Popen(command, env=environ, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait(port, process, folder / f"{kind}.log")
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int, process: "subprocess.Popen[bytes]", said: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{said.read_text()[-2000:]}")


def sign_in(port: int, email: str) -> str:
    body = {"email": email, "password": PASSWORD}
    answer = httpx.post(
        f"http://127.0.0.1:{port}/api/v1/auth/sign-in", headers={"Host": "localhost"}, json=body, timeout=10
    )
    answer.raise_for_status()
    token: str = answer.json()["token"]
    return token


async def in_turn(ports: dict[str, int], request: bytes, *, connections: int = CONNECTIONS) -> dict[str, Load]:
    """The median of several rounds, in which the servers take turns; each is warmed up first."""
    seen: dict[str, list[Load]] = {kind: [] for kind in ports}
    for round_ in range(ROUNDS + 1):
        for kind, port in ports.items():
            found = await load(port, request, connections=connections, seconds=SECONDS)
            if round_:
                seen[kind].append(found)
    return {
        kind: Load(statistics.median(one.rate for one in found), statistics.median(one.p95 for one in found))
        for kind, found in seen.items()
    }


async def hash_cost() -> float:
    """Seconds of one password hash, with as many at once as there are processors."""
    hasher, workers = ArgonHasher(), os.cpu_count() or 1
    known = await hasher.hash(PASSWORD)
    began = perf_counter()
    await asyncio.gather(*(hasher.verify(known, PASSWORD) for _ in range(10 * workers)))
    return (perf_counter() - began) / (10 * workers)


async def measure(server: TestPostgres, redis: str, folder: Path) -> dict[str, float]:
    name = await server.clone()
    lesson, learner, admin = await settle(server, name)
    url = server.url_of(name)
    figures: dict[str, float] = {}
    with door("main", folder, url, redis) as main, door("before", folder, url, redis) as before:
        token = sign_in(main, learner)
        read = await in_turn({"before": before, "main": main}, get(f"/api/v1/bookings/{lesson}", token))
        figures["read before, req/s"] = read["before"].rate
        figures["read with all guards, req/s"] = read["main"].rate
        figures["read with all guards / before"] = read["before"].rate / read["main"].rate
        bare = await hash_cost()
        body = json.dumps({"email": learner, "password": PASSWORD}).encode()
        signing = await in_turn({"main": main}, post("/api/v1/auth/sign-in", body), connections=2)
        figures["sign-in, req/s"] = signing["main"].rate
        figures["sign-in / bare password hash"] = (1 / signing["main"].rate) / bare
    with door("admin", folder, url, redis) as office:
        token = sign_in(office, admin)
        for words in ("Maryam", "maryam 1", "person777", "khadija 4a"):
            request = get(f"/api/v1/staff/people?q={words.replace(' ', '%20')}", token)
            found = await in_turn({"admin": office}, request, connections=1)
            figures[f"people by {words!r}, p95 ms"] = found["admin"].p95
    await server.drop(name)
    return figures


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="halaqa-bench-") as folder,
        shared_server("bench") as server,
        throwaway_valkey() as redis,
    ):
        figures = asyncio.run(measure(server, redis, Path(folder)))
    for what, value in figures.items():
        print(f"{what:44} {value:10.2f}")
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    about = {"machine": platform.machine(), "processors": os.cpu_count(), "python": platform.python_version()}
    (results / "guards.json").write_text(json.dumps({"about": about, "figures": figures}, indent=1))


if __name__ == "__main__":
    main()
