"""Many want the same slots at the same moment: ``python bench/bench_race.py``. (BOOK-03)

64 connections try 300 slots of one Qari, all in the same order, first on the bare server and then on ours. Each has
to end with exactly one lesson, and nobody may hear anything but "yours" or "just taken". A run ends after 35 seconds,
with as many slots as were tried by then. Loopback only.
"""

import asyncio
import os
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import asyncpg
import msgspec
from bench_requests import LEARNER, PASSWORD, settle
from load import Load, _one, post, summed_up
from report import finish
from servers import door_settings, server, sign_in
from uuid_utils.compat import uuid7

from fakes.scheduling import QARI
from support.postgres import TestPostgres, shared_server
from support.valkey import throwaway_valkey

CONNECTIONS: Final = 64
SLOTS: Final = int(os.environ.get("BENCH_SLOTS", "300"))
LONGEST_S: Final = 35.0
_WON: Final = """
    SELECT starts_at, count(*) FROM bookings WHERE occupies AND starts_at >= $1 AND starts_at < $2 GROUP BY 1
"""


class Race:
    """All connections go through the same slots; ``reached``: how many of these somebody has tried."""

    def __init__(self, first: datetime, token: str) -> None:
        self.first, self._token = first, token
        self.said: Counter[int] = Counter()
        self.reached = 0

    def _wish(self, slot: int) -> bytes:
        start = self.first + timedelta(minutes=30 * slot)
        body = {"qari_id": str(QARI), "starts_at": start.isoformat(), "minutes": 30}
        return post("/api/v1/bookings", msgspec.json.encode(body), self._token, Idempotency_Key=uuid7().hex)

    async def run(self, port: int, slots: int = SLOTS, connections: int = CONNECTIONS) -> Load:
        took: list[float] = []
        began = perf_counter()

        async def one() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                for slot in range(slots):
                    if perf_counter() - began > LONGEST_S:
                        return
                    self.reached = max(self.reached, slot + 1)
                    asked = perf_counter()
                    self.said[await _one(reader, writer, self._wish(slot))] += 1
                    took.append(perf_counter() - asked)
            finally:
                writer.close()

        await asyncio.gather(*(one() for _ in range(connections)))
        return summed_up(took, perf_counter() - began)

    async def check(self, database: str) -> None:
        """Raises RuntimeError when a slot has none or two, or somebody heard something else."""
        connection = await asyncpg.connect(database)
        rows = await connection.fetch(_WON, self.first, self.first + timedelta(minutes=30 * self.reached))
        await connection.close()
        won = [row["count"] for row in rows]
        if won != [1] * self.reached or set(self.said) != {201, 409} or self.said[201] != self.reached:
            raise RuntimeError(f"{self.reached} slots, {len(won)} taken, at most {max(won)} each, said {self.said}")


async def measure(database: TestPostgres, redis: str, folder: Path) -> dict[str, float]:
    name = await database.clone()
    await settle(database, name)
    url = database.url_of(name)
    plain_url = url.replace("postgresql+asyncpg", "postgresql")
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with ExitStack() as running:
        settings = {"bare": {"BARE_DATABASE": plain_url}, "main": door_settings(folder, url, redis)}
        ports = {
            "bare": running.enter_context(server("bare", "bare.py", folder=folder, settings=settings["bare"])),
            "main": running.enter_context(server("main", "doors.py", "main", folder=folder, settings=settings["main"])),
        }
        token = sign_in(ports["main"], LEARNER, PASSWORD)
        # What the bare server copies is there as soon as the product has held one; both are warm then.
        for port in (ports["main"], ports["bare"]):
            await Race(today + timedelta(days=100 + port % 50), token).run(port, slots=3, connections=1)
        found = {}
        for days, kind in ((10, "bare"), (30, "main")):
            race = Race(today + timedelta(days=days), token)
            found[kind] = await race.run(ports[kind])
            await race.check(plain_url)
            found[f"{kind} slots"] = Load(race.reached, 0)
    await database.drop(name)
    bare, main = found["bare"], found["main"]
    return {
        "slots tried": found["main slots"].rate,
        "tries": main.made,
        "bare p99, ms": bare.p99,
        "main p99, ms": main.p99,
        "p99 / bare": main.p99 / bare.p99,
        "bare, tries/s": bare.rate,
        "main, tries/s": main.rate,
    }


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="halaqa-bench-") as folder,
        shared_server("bench") as database,
        throwaway_valkey() as redis,
    ):
        figures = asyncio.run(measure(database, redis, Path(folder)))
    finish("race", figures)


if __name__ == "__main__":
    main()
