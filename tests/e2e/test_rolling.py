"""A new release while the school is open: nobody is turned away. (OPS-04)"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import httpx
import pytest

from support.postgres import TestPostgres
from support.school import a_day_ahead, hold
from support.system import Person, System
from support.town import Town


@pytest.fixture
async def wide(tmp_path: Path, postgres: TestPostgres, valkey_server: str, password_hash: str) -> AsyncIterator[Town]:
    """Two processes serve main."""
    name = await postgres.clone()
    system = System(tmp_path / "system", postgres.url_of(name), valkey_server)
    system.folder.mkdir()
    system.environ["HALAQA_MAIN_PROCESSES"] = "2"
    system.start()
    people = Town(system, postgres.url_of(name), password_hash)
    yield people
    await people.close()
    system.stop()
    await postgres.drop(name)


class Crowd:
    """Readers who come all the time, half of them on connections that stay open, and one who books."""

    def __init__(self, town: Town, qari: Person, student: Person) -> None:
        self._town, self._qari, self._student = town, qari, student
        self.answers: Counter[str] = Counter()
        self._going = True

    async def run(self) -> None:
        await asyncio.gather(*(self._read(stays=number % 2 == 0) for number in range(12)), self._book())

    def stop(self) -> None:
        self._going = False

    async def _read(self, *, stays: bool) -> None:
        main = self._town.system.urls["main"]
        headers = {"authorization": f"Bearer {self._student.token}"}
        client = httpx.AsyncClient(base_url=main, headers=headers, timeout=20)
        while self._going:
            if not stays:
                await client.aclose()
                client = httpx.AsyncClient(base_url=main, headers=headers, timeout=20)
            await self._note(self._looked(client))
            await asyncio.sleep(0.05)
        await client.aclose()

    @staticmethod
    async def _looked(client: httpx.AsyncClient) -> httpx.Response:
        """As browsers do it: one that was hung up on while nothing was said is opened anew. (RFC 9110, 9.2.2)"""
        try:
            return await client.get("/api/v1/bookings")
        except httpx.RemoteProtocolError:
            return await client.get("/api/v1/bookings")

    async def _book(self) -> None:
        start = a_day_ahead(days=3, hour=0)
        for number in range(10_000):
            if not self._going:
                return
            body = {"qari_id": self._qari.user_id, "starts_at": start.isoformat(), "minutes": 30}
            await self._note(self._student.post("/api/v1/bookings", body, key=f"roll-{number}-key"))
            await asyncio.sleep(0.05)

    async def _note(self, asked: Awaitable[httpx.Response]) -> None:
        try:
            answer = await asked
        except httpx.TransportError as error:
            self.answers[type(error).__name__] += 1
        else:
            self.answers[f"{answer.status_code // 100}xx"] += 1


async def test_a_rolling_restart_under_load_turns_nobody_away(wide: Town) -> None:
    qari, student = await wide.qari(), await wide.student()
    assert (await hold(student, qari, a_day_ahead(days=2)))["status"] == "held"
    before = {name: set(wide.system.pids(name)) for name in ("main", "admin", "worker", "sandbox")}
    assert {name: len(pids) for name, pids in before.items()} == {"main": 2, "admin": 1, "worker": 1, "sandbox": 1}
    crowd = Crowd(wide, qari, student)
    running = asyncio.create_task(crowd.run())
    await asyncio.sleep(1)

    began = time.monotonic()
    await asyncio.to_thread(wide.system.reload)
    await asyncio.sleep(1)
    crowd.stop()
    await running

    assert crowd.answers["2xx"] > 100
    assert set(crowd.answers) <= {"2xx", "4xx"}, (crowd.answers, time.monotonic() - began)
    after = {name: set(wide.system.pids(name)) for name in before}
    assert {name: len(pids) for name, pids in after.items()} == {name: len(pids) for name, pids in before.items()}
    assert all(not before[name] & after[name] for name in before)
