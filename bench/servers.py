"""Servers of their own processes for a benchmark, and how they take turns."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
from load import Load

from support.system import free_port

HERE: Final = Path(__file__).resolve().parent
ROUNDS: Final = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS: Final = float(os.environ.get("BENCH_SECONDS", "1.5"))


def door_settings(folder: Path, database: str, redis: str) -> dict[str, str]:
    return {
        "HALAQA_DATA_DIR": str(folder),
        "HALAQA_DATABASE_URL": database,
        "HALAQA_REDIS_URL": redis,
        "HALAQA_LOG_LEVEL": "info",
        "HALAQA_LIMIT_ANONYMOUS": "100000000",
        "HALAQA_LIMIT_SIGNED_IN": "100000000",
        "HALAQA_LIMIT_WEBHOOKS": "100000000",
    }


@contextmanager
def server(name: str, script: str, *arguments: str, folder: Path, settings: Mapping[str, str]) -> Iterator[int]:
    """``python bench/<script> <arguments> PORT`` until the block ends; yields the port."""
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HALAQA_")} | dict(settings)
    environ["PYTHONPATH"] = str(HERE.parent / "src")
    said = folder / f"{name}.log"
    with said.open("wb") as out:
        command = [sys.executable, str(HERE / script), *arguments, str(port)]
        process = subprocess.Popen(command, env=environ, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait(port, process, said)
            if "BENCH_PROFILE" in os.environ:
                print(f"{name}: pid {process.pid}, port {port}", file=sys.stderr)
            _CPU[port] = process.pid
            yield port
        finally:
            process.terminate()
            process.wait(10)


_CPU: Final[dict[int, int]] = {}


def processor_s(port: int) -> float:
    """Processor time that the server on that port has used."""
    fields = Path(f"/proc/{_CPU[port]}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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


def sign_in(port: int, email: str, password: str) -> str:
    url, body = f"http://127.0.0.1:{port}/api/v1/auth/sign-in", {"email": email, "password": password}
    answer = httpx.post(url, headers={"Host": "localhost"}, json=body, timeout=10)
    answer.raise_for_status()
    token: str = answer.json()["token"]
    return token


class Turns:
    """Servers that take turns. ``cost``: the time that one request takes, in units of that of the first server;
    ``processor``: the same of the processor time in the server's own process.
    """

    def __init__(self, first: str) -> None:
        self.first = first
        self.loads: dict[str, list[Load]] = {}
        self.used: dict[str, list[float]] = {}

    def note(self, kind: str, found: Load, processor: float) -> None:
        self.loads.setdefault(kind, []).append(found)
        self.used.setdefault(kind, []).append(processor)

    def rate(self, kind: str) -> float:
        return statistics.median(one.rate for one in self.loads[kind])

    def p95(self, kind: str) -> float:
        return statistics.median(one.p95 for one in self.loads[kind])

    def p99(self, kind: str) -> float:
        return statistics.median(one.p99 for one in self.loads[kind])

    def cost(self, kind: str) -> float:
        """The median over the rounds: what happens beside us happens to both of a round."""
        pairs = zip(self.loads[self.first], self.loads[kind], strict=True)
        return statistics.median(first.rate / other.rate for first, other in pairs)

    def processor_us(self, kind: str) -> float:
        return statistics.median(self.used[kind]) * 1e6

    def processor(self, kind: str) -> float:
        return statistics.median(self.used[kind]) / statistics.median(self.used[self.first])


async def in_turn(ports: Mapping[str, int], run: Callable[[str, int], Awaitable[Load]], rounds: int = ROUNDS) -> Turns:
    """The first round is for warming up."""
    turns = Turns(next(iter(ports)))
    for round_ in range(rounds + 1):
        for kind, port in ports.items():
            before = processor_s(port)
            found = await run(kind, port)
            if round_:
                turns.note(kind, found, (processor_s(port) - before) / max(found.made, 1))
    return turns
