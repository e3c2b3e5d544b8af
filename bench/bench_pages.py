"""Pages, and everything else that a big school must not slow down: ``python bench/bench_pages.py``. About four minutes,
most of which is making a school of 100,000 people and a million lessons; loopback only.

* Find-a-Qari and my-lessons with 32 connections on as many processes as there are processors (at most two).
* The list of 1,000 Qaris by who is free next through the API: as it is remembered, and with lessons booked meanwhile.
* What reading costs among ten times as many rows.
* Reading while others sign in.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import asyncpg
import msgspec
import school
from load import Load, get, load, post
from report import finish
from servers import SECONDS, door_settings, in_turn, server, sign_in

from support.postgres import TestPostgres, shared_server
from support.valkey import throwaway_valkey

PROCESSES: Final = min(2, os.cpu_count() or 1)
CONNECTIONS: Final = 32
REGULAR: Final = f"user{school.BIG.qaris + 3}@example.org"
SIGNING_IN: Final = 4
BOOKED_EVERY_S: Final = 0.1
PLACES: Final = {
    "find a Qari": "/qaris",
    "my lessons": "/portal/lessons",
    "my past lessons": "/portal/lessons?tense=past",
    "first page": "/",
}
ENDPOINTS: Final = {
    "next free of all Qaris": "/api/v1/qaris",
    "my lessons": "/api/v1/bookings",
    "one lesson": "/api/v1/bookings/{lesson}",
    "slots of a Qari": "/api/v1/qaris/{qari}/slots",
    "Qaris by a word": "/api/v1/qaris?text=patience&order=name",
    "news": "/api/v1/my/notes",
}
"""The named endpoints, beside whose figures ``budgets.json`` holds what they may cost. (OPS-03)"""
_BOOK: Final = """
    INSERT INTO bookings (id, learner_id, payer_id, qari_id, starts_at, ends_at, busy_from, busy_until,
        buffer_before_min, buffer_after_min, occupies, status, kind, price_minor, currency, policy_version,
        request_occupies, moves, sequence, note, reason, created_at, version, academy_id)
    SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), user_id, s, s + interval '5 minutes', s,
        s + interval '5 minutes', 0, 0, true, 'confirmed', 'regular', 900, 'USD', 1, false, 0, 0, '', '', now(), 1,
        academy_id
    FROM qaris, LATERAL (SELECT date_trunc('hour', now()) + $2 * interval '5 minutes' + interval '60 days' AS s) AS t
    WHERE user_id = $1
"""


class Door:
    """One kind of school behind its processes, and somebody who is signed in."""

    def __init__(self, ports: list[int], lesson: UUID, qari: UUID) -> None:
        self.ports, self.lesson, self.qari = ports, lesson, qari
        self.token = sign_in(ports[0], REGULAR, school.PASSWORD)

    def request(self, path: str) -> bytes:
        wanted = get(path.format(lesson=self.lesson, qari=self.qari), self.token)
        return wanted.replace(b"Accept:", b"Accept-Encoding: gzip\r\nAccept:", 1)

    async def load(self, path: str, connections: int, seconds: float = SECONDS) -> Load:
        """Over all processes at once."""
        share = connections // len(self.ports)
        found = await asyncio.gather(
            *(load(port, self.request(path), connections=share, seconds=seconds) for port in self.ports)
        )
        rate, made = sum(one.rate for one in found), sum(one.made for one in found)
        return Load(rate, max(one.p95 for one in found), max(one.p99 for one in found), made)


@contextmanager
def opened(url: str, redis: str, folder: Path, processes: int, known: Mapping[str, Any]) -> Iterator[Door]:
    settings = door_settings(folder, url, redis) | {"HALAQA_LIMIT_PAGES": "100000000"}
    with ExitStack() as running:
        ports = [
            running.enter_context(server(f"live{number}", "doors.py", "live", folder=folder, settings=settings))
            for number in range(processes)
        ]
        yield Door(ports, known["lesson"], known["qari"])


async def known_in(url: str) -> dict[str, Any]:
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(
            "SELECT b.id AS lesson, b.qari_id AS qari FROM bookings b JOIN users u ON u.id = b.learner_id "
            "WHERE u.email = $1 AND b.starts_at > now() AND b.status = 'confirmed' ORDER BY b.starts_at LIMIT 1",
            REGULAR,
        )
    finally:
        await connection.close()
    if row is None:
        raise RuntimeError("the regular has no lesson ahead")
    return dict(row)


async def pages(door: Door) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, path in PLACES.items():
        await door.load(path, CONNECTIONS)
        found = await door.load(path, CONNECTIONS, 2 * SECONDS)
        figures |= {f"page: {name}, req/s": found.rate, f"page: {name}, p95 ms": found.p95}
    return figures


async def endpoints(door: Door, url: str) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, path in ENDPOINTS.items():
        await door.load(path, CONNECTIONS, 0.5)
        found = await door.load(path, CONNECTIONS)
        figures |= {f"api: {name}, req/s": found.rate, f"api: {name}, p95 ms": found.p95}
    booking = asyncio.create_task(_book_on(url))
    found = await door.load(ENDPOINTS["next free of all Qaris"], 8, 2 * SECONDS)
    booking.cancel()
    figures["api: next free while lessons are booked, p95 ms"] = found.p95
    return figures


async def _book_on(url: str) -> None:
    """A lesson every tenth of a second, each of another Qari: every list is out of date all the time."""
    connection = await asyncpg.connect(url)
    try:
        qaris = await connection.fetch("SELECT user_id FROM qaris")
        for number, row in enumerate(qaris):
            await connection.execute(_BOOK, row["user_id"], number)
            await asyncio.sleep(BOOKED_EVERY_S)
    finally:
        await connection.close()


async def growth(small: Door, big: Door) -> dict[str, float]:
    """Time of one request, in units of that of the small school."""
    doors, figures = {"small": small, "big": big}, dict[str, float]()
    places = {f"page of {name}": path for name, path in PLACES.items()}
    for name, path in (ENDPOINTS | places).items():

        async def run(kind: str, port: int, path: str = path) -> Load:
            return await load(port, doors[kind].request(path), connections=8, seconds=0.7)

        turns = await in_turn({kind: door.ports[0] for kind, door in doors.items()}, run, rounds=3)
        figures[f"ten times the rows: {name}"] = turns.cost("big")
    return figures


async def beside_sign_ins(door: Door) -> dict[str, float]:
    """p95 of reads while others sign in, beside the same with as many cheap requests instead."""
    body = msgspec.json.encode({"email": REGULAR, "password": school.PASSWORD})
    path = ENDPOINTS["one lesson"].format(lesson=door.lesson)
    port, p95 = door.ports[0], dict[str, list[float]]()
    for _ in range(4):
        for kind in ("alone", "beside"):
            others = [
                asyncio.create_task(load(port, post("/api/v1/auth/sign-in", body), connections=1, seconds=SECONDS))
                for _ in range(SIGNING_IN if kind == "beside" else 0)
            ]
            found = await load(port, get(path, door.token), connections=8, seconds=SECONDS)
            await asyncio.gather(*others)
            p95.setdefault(kind, []).append(found.p95)
    alone, beside = (sorted(p95[kind][1:])[1] for kind in ("alone", "beside"))
    return {"reads alone, p95 ms": alone, "reads beside sign-ins, p95 ms": beside, "beside sign-ins": beside / alone}


async def measure(database: TestPostgres, redis: str, folder: Path) -> dict[str, float]:
    urls = {}
    figures: dict[str, float] = {}
    for kind, size in {"small": school.SMALL, "big": school.BIG}.items():
        name = await database.clone()
        urls[kind] = database.url_of(name)
        figures[f"making a school of {size.lessons} lessons, s"] = await school.fill(_plain(urls[kind]), size)
    known = {kind: await known_in(_plain(url)) for kind, url in urls.items()}
    with opened(urls["big"], redis, folder, PROCESSES, known["big"]) as door:
        figures |= await pages(door)
        figures |= await endpoints(door, _plain(urls["big"]))
        figures |= await beside_sign_ins(door)
    with (
        opened(urls["small"], redis, folder, 1, known["small"]) as small,
        opened(urls["big"], redis, folder, 1, known["big"]) as big,
    ):
        figures |= await growth(small, big)
    return figures


def _plain(url: str) -> str:
    return url.replace("postgresql+asyncpg", "postgresql")


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="halaqa-bench-") as folder,
        shared_server("bench-pages") as database,
        throwaway_valkey() as redis,
    ):
        figures = asyncio.run(measure(database, redis, Path(folder)))
    finish("pages", figures)


if __name__ == "__main__":
    main()
