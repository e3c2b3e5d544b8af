"""The sandbox provider as tests need it: a process of its own, and somebody who receives its webhooks."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import msgspec

SECRET_KEY = "sk_sandbox_test"
SECRETS = ("whsec_new", "whsec_old")


class Received(msgspec.Struct, frozen=True):
    raw: bytes
    headers: dict[str, str]


class Receiver:
    """Keeps every webhook and answers 200, unless ``fail`` was told otherwise."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._answers: defaultdict[str, deque[int]] = defaultdict(deque)
        self.url = ""

    def fail(self, provider_ref: str, *statuses: int) -> None:
        """What the next webhooks about this checkout are answered."""
        self._answers[provider_ref].extend(statuses)

    def answer_to(self, raw: bytes) -> int:
        for ref, answers in self._answers.items():
            if answers and ref.encode() in raw:
                return answers.popleft()
        return 200

    def of(self, provider_ref: str) -> list[Received]:
        return [one for one in list(self.received) if provider_ref.encode() in one.raw]

    def wait_for(self, provider_ref: str, count: int, within_s: float = 15.0) -> list[Received]:
        """Raises TimeoutError."""
        end = time.monotonic() + within_s
        while len(self.of(provider_ref)) < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{len(self.of(provider_ref))} of {count} webhooks came")
            threading.Event().wait(0.02)
        return self.of(provider_ref)


@contextmanager
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            kept.received.append(Received(raw, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(kept.answer_to(raw))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks/sandbox/main"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sandbox_process(database_url: str, webhook_url: str, *, delayed_s: float = 1.0) -> Iterator[str]:
    """Its base URL, once it answers."""
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "SANDBOX_DATABASE_URL": database_url,
        "SANDBOX_SECRET_KEY": SECRET_KEY,
        "SANDBOX_WEBHOOK_URL": webhook_url,
        "SANDBOX_WEBHOOK_SECRETS": ",".join(SECRETS),
        "SANDBOX_PORT": str(port),
        "SANDBOX_DELAYED_S": str(delayed_s),
        "SANDBOX_RETRY_BASE_S": "0.1",
        "SANDBOX_HANG_S": "1",
    }
    process = subprocess.Popen([sys.executable, "-m", "adapters.payments.sandbox"], env=environment)
    try:
        _wait_until_up(base_url, process)
        yield base_url
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_up(base_url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"{base_url}/health/live", trust_env=False)
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            threading.Event().wait(0.1)
        else:
            return
