"""Independent stand-ins for Stripe and Google, each a process of its own that holds every request against the published
contract. They live beside the project; where they are absent, the tests that need them say so and are skipped.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from support.system import free_port

TOOLS: Final = Path(__file__).resolve().parents[3] / "shared" / "tools"


class Oracle:
    """``url`` is the provider's base address; ``admin`` and ``violations`` are not part of his API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=30)

    def admin(self, path: str, **body: Any) -> Any:
        """``GET`` without a body, for example ``admin("log")``; else ``POST``."""
        if body or path == "reset":
            answer = self._client.post(f"/_oracle/{path}", json=body)
        else:
            answer = self._client.get(f"/_oracle/{path}")
        answer.raise_for_status()
        return answer.json()

    def violations(self) -> list[Any]:
        """What no adapter may leave behind, warnings too."""
        found = self.admin("violations")
        return list(found if isinstance(found, list) else found.get("violations", found))

    def close(self) -> None:
        self._client.close()


@contextmanager
def _process(script: str, log: Path, *options: str) -> Iterator[Oracle]:
    tool = TOOLS / script
    if not tool.exists():
        pytest.skip(f"{script} is not there: this machine has no ../shared/tools")
    port = free_port()
    command = [sys.executable, str(tool), "serve", "--port", str(port), "--log", str(log), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    oracle = Oracle(f"http://127.0.0.1:{port}")
    try:
        _wait(oracle, process)
        yield oracle
    finally:
        oracle.close()
        process.terminate()
        process.wait(10)


def _wait(oracle: Oracle, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 30
    while True:
        try:
            oracle.admin("violations")
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            threading.Event().wait(0.1)
        else:
            return


@contextmanager
def stripe_oracle(folder: Path, *options: str) -> Iterator[Oracle]:
    with _process("stripe_oracle.py", folder / "stripe.jsonl", "--strict-ids", *options) as oracle:
        yield oracle


@contextmanager
def google_oracle(folder: Path, *options: str) -> Iterator[Oracle]:
    with _process("discovery_oracle.py", folder / "google.jsonl", *options) as oracle:
        yield oracle
