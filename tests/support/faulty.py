"""A provider's bad days: a proxy between an adapter and whoever answers it, which fails as it is told.

    with faulty(oracle.url) as line:
        line.next("lost_reply", "POST /v1/refunds")

``refused`` cannot be a proxy's doing (somebody listens): ``line.nobody`` is an address where nobody does.
"""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from support.system import free_port

Fault = Literal["429", "500", "timeout", "lost_reply", "malformed", "cut"]
FAULTS: Final[tuple[Fault, ...]] = ("429", "500", "timeout", "lost_reply", "malformed", "cut")
"""``timeout``: nothing is forwarded, and no answer comes for ``hang_s``. ``lost_reply``: the provider did his work, and
the line breaks before the answer. ``malformed``: he did it, and the answer is 200 with a text that is no answer.
``cut``: he did it, and half of the answer arrives.
"""
AFTER_SUCCESS: Final[frozenset[Fault]] = frozenset({"lost_reply", "malformed", "cut"})


class _Due(msgspec.Struct):
    fault: Fault
    match: str
    times: int


class Line:
    """``url`` instead of the provider's. ``seen``: "POST /v1/refunds" for all that came, faults too."""

    def __init__(self, target: str, hang_s: float) -> None:
        self.target, self.hang_s, self.url = target.rstrip("/"), hang_s, ""
        self.nobody = f"http://127.0.0.1:{free_port()}"
        self.seen: list[str] = []
        self._due: list[_Due] = []
        self._lock = threading.Lock()

    def next(self, fault: Fault, match: str = "", *, times: int = 1) -> None:
        """The next ``times`` requests that start with ``match`` ("POST /v1/refunds") meet that fault."""
        with self._lock:
            self._due.append(_Due(fault, match, times))

    def heal(self) -> None:
        with self._lock:
            self._due.clear()

    def fault_for(self, called: str) -> Fault | None:
        with self._lock:
            self.seen.append(called)
            for due in self._due:
                if due.times > 0 and called.startswith(due.match):
                    due.times -= 1
                    return due.fault
        return None


@contextmanager
def faulty(target: str, *, hang_s: float = 3.0) -> Iterator[Line]:
    line = Line(target, hang_s)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves in one piece: in two, the second waits for the receipt of the first

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            fault = line.fault_for(f"{self.command} {self.path}")
            if fault == "timeout":
                time.sleep(line.hang_s)
                self._hang_up()
            elif fault in ("429", "500"):
                self._answer(int(fault), {"retry-after": "0"}, b'{"error": {"message": "not now"}}')
            else:
                self._forwarded(body, fault)

        def _forwarded(self, body: bytes, fault: Fault | None) -> None:
            status, headers, told = _ask(line.target, self.command, self.path, dict(self.headers.items()), body)
            if fault == "lost_reply":
                self._hang_up()
            elif fault == "malformed":
                self._answer(200, {"content-type": "application/json"}, b"<html>Be right back</html>")
            elif fault == "cut":
                self.send_response(status)
                self.send_header("content-length", str(len(told) + 20))
                self.end_headers()
                self.wfile.write(told[: len(told) // 2])
                self.wfile.flush()
                self._hang_up()
            else:
                self._answer(status, headers, told)

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                    self.send_header(name, value)
            if status != 204:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

        def _hang_up(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(2)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 - as the standard library calls them

        def log_message(self, format: str, *args: object) -> None:
            """Quietly."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Whoever hung up has done so on purpose."""

    server = Server(("127.0.0.1", 0), Handler)
    line.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _ask(
    target: str, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(target)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=30)
    try:
        kept = {name: value for name, value in headers.items() if name.lower() not in {"host", "connection"}}
        connection.request(method, parts.path + path, body=body or None, headers=kept)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()
