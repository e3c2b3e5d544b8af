"""The whole product as its users meet it: four processes under one supervisor, reached over HTTP alone."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

from adapters.messaging.push.keys import new_push_key

T = TypeVar("T")
START_PATIENCE_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class System:
    """``urls`` by door: main, admin, sandbox."""

    def __init__(self, folder: Path, database_url: str, redis_url: str, *, seed: bool = False) -> None:
        self.folder, self._seed = folder, seed
        self.ports = {door: free_port() for door in ("main", "admin", "sandbox")}
        self.urls = {door: f"http://127.0.0.1:{port}" for door, port in self.ports.items()}
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HALAQA_")},
            "HALAQA_DATA_DIR": str(folder / "data"),
            "HALAQA_DATABASE_URL": database_url,
            "HALAQA_REDIS_URL": redis_url,
            "HALAQA_POOL_SIZE": "10",
            # Everybody in a test comes from one address, and in a hurry.
            "HALAQA_LIMIT_ANONYMOUS": "100000",
            "HALAQA_LIMIT_PAGES": "100000",
            "HALAQA_LIMIT_SIGNED_IN": "100000",
            "HALAQA_LIMIT_WEBHOOKS": "100000",
            "HALAQA_SIGN_IN_TRIES": "1000",
            "HALAQA_LOG_LEVEL": "info",
            "HALAQA_PUSH_KEY": new_push_key(),
            **{f"HALAQA_{door.upper()}_PORT": str(port) for door, port in self.ports.items()},
            **{f"HALAQA_{door.upper()}_URL": url for door, url in self.urls.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> Path:
        return self.folder / "supervisor.log"

    def start(self) -> None:
        with self.said.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "entrypoints.cli", "up", "--seed" if self._seed else "--no-seed"],
                env=self.environ,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_PATIENCE_S
        with httpx.Client(timeout=2) as client:
            while time.monotonic() < deadline:
                if self._process is None or self._process.poll() is not None:
                    raise RuntimeError(f"the system did not start:\n{self.said.read_text()}")
                try:
                    answers = [client.get(f"{self.urls[door]}/health/ready") for door in ("main", "admin")]
                except httpx.TransportError:
                    time.sleep(0.1)
                    continue
                if all(answer.status_code == 200 for answer in answers):
                    return
                time.sleep(0.1)
        raise RuntimeError(f"the system was not ready in time:\n{self.said.read_text()}")

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)
        self._process = None

    def reload(self) -> None:
        """Every process is replaced, one after the other; returns when that is done."""
        done = self.said.read_text().count("worker is new.")
        subprocess.run([sys.executable, "-m", "entrypoints.cli", "reload"], env=self.environ, check=True)
        deadline = time.monotonic() + 2 * START_PATIENCE_S
        while self.said.read_text().count("worker is new.") == done:
            if time.monotonic() > deadline:
                raise RuntimeError(f"not everything was replaced in time:\n{self.said.read_text()}")
            time.sleep(0.1)

    def logs(self) -> str:
        """What all processes have written so far."""
        return "\n".join(file.read_text(encoding="utf-8") for file in (self.folder / "data" / "log").glob("*.log"))

    def kill(self, name: str) -> None:
        """``kill -9`` of one child, as ``pkill`` would find it."""
        for pid in self.pids(name):
            os.kill(pid, signal.SIGKILL)

    def pids(self, name: str) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                environ = (entry / "environ").read_bytes()
            except OSError:
                continue
            if f"serve-{name}".encode() in words and self.environ["HALAQA_DATA_DIR"].encode() in environ:
                found.append(int(entry.name))
        return found


async def eventually(
    ask: Callable[[], Awaitable[T]], until: Callable[[T], bool], *, within_s: float = 20.0, every_s: float = 0.1
) -> T:
    """The first answer that satisfies ``until``. Fails with the last one that did not."""
    deadline = time.monotonic() + within_s
    while True:
        answer = await ask()
        if until(answer):
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {within_s} s; the last answer was {answer!r}")
        await asyncio.sleep(every_s)


class Person:
    """Somebody signed in, as an API client with a Bearer token."""

    def __init__(self, base_url: str, token: str, user_id: str, email: str) -> None:
        self.user_id, self.email, self.token = user_id, email, token
        self.http = httpx.AsyncClient(
            base_url=base_url, headers={"authorization": f"Bearer {token}"}, timeout=30, follow_redirects=False
        )

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return answer.json()

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        headers = {"idempotency-key": key} if key else {}
        return await self.http.post(path, json=body, headers=headers)
