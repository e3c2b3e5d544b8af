"""500 calendar feeds are read at the same moment, as programs of calendars do on the hour: ``python
bench/bench_downloads.py``. Less than a minute. (OPS-02)

Of the 500 video streams that OPS-02 speaks of there is nothing yet: sound and picture of live classes never pass
through the product, and recordings do not exist in it; their script comes with them, and so does that of chats. What
is fetched in numbers today are feeds: 32 of their owners have 240 lessons, the others some ten. First everybody reads
his whole calendar, then everybody asks whether it has changed. Nobody may be refused or hear of another's lessons.
Loopback only.
"""

import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import asyncpg
from report import finish
from school import REGULARS, Size, fill
from servers import door_settings, processor_s, server

from domain.ids import UserId
from domain.notification.feed import Feed
from support.postgres import TestPostgres, shared_server
from support.units import postgres_units
from support.valkey import throwaway_valkey

SIZE: Final = Size(qaris=200, users=4_000, lessons=40_000)
AT_ONCE: Final = 500
_OWNERS: Final = """
    SELECT u.id, count(*) AS lessons FROM users u JOIN bookings b ON b.learner_id = u.id
     WHERE b.status IN ('confirmed', 'completed') AND b.starts_at > now() - interval '50 days'
     GROUP BY u.id ORDER BY lessons DESC, u.id LIMIT $1
"""


class Owner(NamedTuple):
    address: str
    lessons: int


class Fetched(NamedTuple):
    status: int
    took_s: float
    etag: str
    body: bytes


async def settle(database: TestPostgres, name: str) -> list[Owner]:
    url = database.url_of(name).replace("postgresql+asyncpg", "postgresql")
    await fill(url, SIZE)
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url)
    rows = await connection.fetch(_OWNERS, AT_ONCE)
    await connection.close()
    engine, owners = database.engine(name), []
    async with postgres_units(engine)() as unit:
        for row in rows:
            feed, token = Feed.open(UserId(UUID(int=row["id"].int)), at=datetime.now(UTC))
            await unit.feeds.add(feed)
            owners.append(Owner(f"/feeds/{token}.ics", row["lessons"]))
        await unit.commit()
    await engine.dispose()
    return owners


async def fetch(port: int, address: str, etag: str = "") -> Fetched:
    asked = f"GET {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    if etag:
        asked += f"If-None-Match: {etag}\r\n"
    began = perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"{asked}\r\n".encode())
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    finally:
        writer.close()
    lines = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
    return Fetched(int(head[9:12]), perf_counter() - began, lines.get("etag", ""), body)


async def all_at_once(port: int, owners: list[Owner], etags: list[str]) -> tuple[list[Fetched], float, float]:
    """What they got, the seconds until everybody had it, and the server's processor time of each."""
    before, began = processor_s(port), perf_counter()
    found = await asyncio.gather(*(fetch(port, owner.address, etag) for owner, etag in zip(owners, etags, strict=True)))
    return list(found), perf_counter() - began, (processor_s(port) - before) / len(owners)


def check(found: list[Fetched], owners: list[Owner], status: int) -> None:
    """Raises RuntimeError."""
    said = {each.status for each in found}
    if said != {status}:
        raise RuntimeError(f"answered {said} instead of {status}")
    if status == 200:
        for each, owner in zip(found, owners, strict=True):
            if each.body.count(b"BEGIN:VEVENT") < owner.lessons:
                raise RuntimeError(f"{owner.lessons} lessons, and a calendar of {each.body.count(b'BEGIN:VEVENT')}")
        if len({each.body for each in found}) != len(found):
            raise RuntimeError("two owners have the same calendar")


def p95_ms(found: list[Fetched]) -> float:
    return sorted(each.took_s for each in found)[int(len(found) * 0.95)] * 1000


async def measure(database: TestPostgres, redis: str, folder: Path) -> dict[str, float]:
    name = await database.clone()
    owners = await settle(database, name)
    nothing = [""] * len(owners)
    settings = door_settings(folder, database.url_of(name), redis)
    with server("live", "doors.py", "live", folder=folder, settings=settings) as port:
        await all_at_once(port, owners[REGULARS : REGULARS + 50], nothing[:50])
        whole, whole_s, whole_used_s = await all_at_once(port, owners, nothing)
        check(whole, owners, 200)
        again, again_s, again_used_s = await all_at_once(port, owners, [each.etag for each in whole])
        check(again, owners, 304)
    await database.drop(name)
    return {
        "feeds at once": len(owners),
        "everybody has his whole calendar after s": whole_s,
        "whole calendars, p95 ms": p95_ms(whole),
        "whole calendars, MiB": sum(len(each.body) for each in whole) / 2**20,
        "feed, ms of processor time": whole_used_s * 1000,
        "nothing has changed: everybody knows after s": again_s,
        "nothing has changed, ms of processor time": again_used_s * 1000,
    }


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="halaqa-bench-") as folder,
        shared_server("bench") as database,
        throwaway_valkey() as redis,
    ):
        figures = asyncio.run(measure(database, redis, Path(folder)))
    finish("downloads", figures)


if __name__ == "__main__":
    main()
