"""A school whose servers and processes can be killed, and payers who do not give up."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NobodyThere

from entrypoints.embedded.postgres import EmbeddedPostgres
from entrypoints.embedded.processes import command_of
from entrypoints.embedded.services import DATABASE
from entrypoints.embedded.valkey import EmbeddedValkey
from support.school import GOOD_CARD, a_day_ahead
from support.system import Person, System, eventually
from support.town import Town

PAYERS: Final = 6
PATIENCE_S: Final = 60.0


class School:
    """Two processes for main, two workers, and servers of its own, which its supervisor looks after."""

    def __init__(self, folder: Path, password_hash: str) -> None:
        folder.mkdir()
        self.system = System(folder, "", "")
        data = folder / "data"
        self._postgres, self._valkey = EmbeddedPostgres(data), EmbeddedValkey(data)
        self.system.environ |= {"HALAQA_MAIN_PROCESSES": "2"}
        self.town = Town(self.system, self._postgres.url(DATABASE), password_hash)
        self._second: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.system.start()
        servers = {"HALAQA_DATABASE_URL": self._postgres.url(DATABASE), "HALAQA_REDIS_URL": self._valkey.url}
        with (self.system.folder / "second-worker.log").open("wb") as out:
            self._second = subprocess.Popen(
                [sys.executable, "-m", "entrypoints.cli", "serve-worker"],
                env=self.system.environ | servers,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        if self._second is not None:
            self._second.terminate()
            self._second.wait(10)
        self.system.stop()

    def kill_one(self, name: str) -> None:
        """Of those the supervisor started; the second worker is not among them."""
        second = self._second.pid if self._second is not None else 0
        os.kill(next(pid for pid in self.system.pids(name) if pid != second), signal.SIGKILL)

    def kill_postgres(self) -> None:
        pid = int((self._postgres.data / "postmaster.pid").read_text().split("\n", 1)[0])
        assert "postgres" in command_of(pid)
        os.kill(pid, signal.SIGKILL)

    def kill_valkey(self) -> None:
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        (found,) = [pid for pid in pids if f"unix:{self._valkey.socket}" in command_of(pid) or _is(pid, self._valkey)]
        os.kill(found, signal.SIGKILL)

    async def forget(self) -> None:
        """What Valkey knew."""
        async with Redis.from_url(self._valkey.url) as client:
            try:
                await client.flushall()
            except NobodyThere:
                return

    async def ask(self, question: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self._postgres.url(DATABASE, driver="postgresql"))
        try:
            return [tuple(row) for row in await connection.fetch(question)]
        finally:
            await connection.close()


def _is(pid: int, server: EmbeddedValkey) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == server.sockets.resolve() and "valkey" in command_of(pid)
    except OSError:
        return False


class Payer:
    """Books and pays, lesson after lesson, and asks again under the same key until there is an answer."""

    def __init__(self, student: Person, qari: Person, column: int) -> None:
        self.student, self._qari, self._column = student, qari, column
        self.paid: list[dict[str, Any]] = []
        self.answers: Counter[str] = Counter()

    async def run(self, goes_on: Callable[[], bool]) -> None:
        while goes_on():
            number = len(self.paid) * PAYERS + self._column
            start = a_day_ahead(days=3, hour=0) + timedelta(minutes=30 * number)
            body = {"qari_id": self._qari.user_id, "starts_at": start.isoformat(), "minutes": 30}
            booking = await self._insist("/api/v1/bookings", body)
            checkout = await self._insist("/api/v1/checkouts", {"booking_id": booking["id"]})
            await self._pay(checkout["url"])
            self.paid.append({**checkout, "booking_id": booking["id"]})
            await asyncio.sleep(0.1)

    async def _insist(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        key = secrets.token_hex(8)

        async def ask() -> httpx.Response | None:
            return await self._note(self.student.http.post(path, json=body, headers={"idempotency-key": key}))

        try:
            answer = await eventually(ask, _has(201), within_s=PATIENCE_S)
        except AssertionError as error:
            raise AssertionError(f"{path}: {self.answers}") from error
        assert answer is not None
        made: dict[str, Any] = answer.json()
        return made

    async def _pay(self, url: str) -> None:
        card = {"number": GOOD_CARD, "expiry": "04 / 40", "cvc": "123"}
        async with httpx.AsyncClient(timeout=20) as browser:
            await eventually(lambda: self._note(browser.post(url, data=card)), _has(303), within_s=PATIENCE_S)

    async def _note(self, asked: Awaitable[httpx.Response]) -> httpx.Response | None:
        try:
            answer = await asked
        except httpx.TransportError:
            self.answers["torn"] += 1
            return None
        said = str(answer.status_code)
        if answer.status_code >= 400:
            known = answer.json() if "json" in answer.headers.get("content-type", "") else {}
            said = f"{said} {known.get('code', '')}".strip()
            if answer.status_code == 500:
                said += f" {answer.url} {answer.text}"
        self.answers[said] += 1
        return answer


def _has(status: int) -> Callable[[httpx.Response | None], bool]:
    return lambda said: said is not None and said.status_code == status
