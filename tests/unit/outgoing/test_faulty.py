"""The stand-in for bad days fails as it says, so that tests that lean on it prove something."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from support.faulty import FAULTS, Fault, Line, faulty

pytestmark = pytest.mark.slow

WORK: list[str] = []


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        WORK.append(self.path)
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(201)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quietly."""


@pytest.fixture
def line() -> Iterator[Line]:
    WORK.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    with faulty(f"http://127.0.0.1:{server.server_address[1]}", hang_s=0.3) as proxy:
        yield proxy
    server.shutdown()
    thread.join()
    server.server_close()


def ask(line: Line) -> httpx.Response:
    return httpx.post(f"{line.url}/thing?a=1", content=b"hello", timeout=0.2, trust_env=False)


def test_without_a_fault_everything_passes(line: Line) -> None:
    answer = ask(line)

    assert (answer.status_code, answer.content) == (201, b"hello")
    assert WORK == ["/thing?a=1"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_what_its_name_says_and_passes(line: Line, fault: Fault) -> None:
    line.next(fault, "POST /thing")

    if fault in ("429", "500"):
        assert ask(line).status_code == int(fault)
    elif fault == "malformed":
        assert ask(line).content.startswith(b"<html>")
    else:
        with pytest.raises(httpx.TransportError):
            ask(line)

    assert bool(WORK) is (fault in ("lost_reply", "malformed", "cut"))
    assert ask(line).status_code == 201


def test_a_fault_for_another_call_waits(line: Line) -> None:
    line.next("500", "GET /")

    assert ask(line).status_code == 201
