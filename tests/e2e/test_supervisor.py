"""OPS-18: one command starts the school, one Ctrl-C ends it, and no way of dying leaves anything behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from entrypoints.embedded.folders import socket_folder
from entrypoints.embedded.processes import is_alive, wait_until_gone
from support.system import free_port

PATIENCE_S = 60.0


class Up:
    """``halaqa up`` on embedded servers, in a folder whose name has a space in it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "the data"
        self.ports = {door: free_port() for door in ("main", "admin", "sandbox")}
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("HALAQA_")}
        self.environ |= {f"HALAQA_{door.upper()}_PORT": str(port) for door, port in self.ports.items()}
        self.environ["HALAQA_DATA_DIR"] = str(self.data)
        self.process: subprocess.Popen[str] | None = None
        self.said = folder / "said"

    def start(self) -> "subprocess.Popen[str]":
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "entrypoints.cli", "up", "--no-seed"],
                env=self.environ,
                stdout=said,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        return self.process

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_until_open(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while "is open" not in self.said.read_text():
            assert self.process is not None
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < deadline, self.said.read_text()
            time.sleep(0.1)

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.ports['main']}/health/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def children(self) -> list[int]:
        """The servers and the four processes of the product, as the supervisor is their parent."""
        assert self.process is not None
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(pid) for pid in found.stdout.split()]

    def child(self, name: str) -> int:
        for pid in self.children:
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue  # gone in between
            if f"serve-{name}".encode() in words:
                return pid
        raise LookupError(name)

    def stop(self) -> None:
        if self.process is not None and self.is_running:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(10)


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def one_school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("supervised"))
    yield running
    running.stop()


@pytest.fixture
def school(one_school: Up) -> Up:
    """Open, whatever another test has done to it."""
    if not one_school.is_running:
        one_school.start()
    one_school.wait_until_open()
    return one_school


def test_ctrl_c_stops_everything_within_five_seconds_and_the_next_start_finds_the_data(school: Up) -> None:
    up, process = school, school.process
    assert process is not None
    children = up.children
    assert len(children) == 6
    assert up.is_ready()

    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    code = process.wait(15)

    assert code == 0
    # Where more has to be done than there are processors for, everything takes longer; that is not ours to judge.
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    assert time.monotonic() - began < (10 if busy else 5)
    assert [pid for pid in children if is_alive(pid)] == []
    assert not socket_folder(up.data).exists()
    up.start()
    up.wait_until_open()
    assert "newest schema" not in up.said.read_text()


def test_a_killed_supervisor_takes_its_children_along_and_is_recovered_from(school: Up) -> None:
    up, process = school, school.process
    assert process is not None
    children = up.children

    process.kill()
    process.wait()

    assert all(wait_until_gone(pid, 10) for pid in children)
    up.start()
    up.wait_until_open()
    assert up.is_ready()


def test_a_child_that_crashes_is_started_again(school: Up) -> None:
    up = school
    before = up.child("admin")

    os.kill(before, signal.SIGKILL)

    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if up.child("admin") != before:
                break
        except LookupError:
            time.sleep(0.1)
    assert up.child("admin") != before
    assert "admin was ended by signal 9; it starts again" in up.said.read_text()


def test_a_taken_port_is_said_in_one_line(up: Up) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", up.ports["admin"]))
        other.listen()

        code = up.start().wait(PATIENCE_S)

    assert code == 2
    assert up.said.read_text() == (
        f"halaqa: port {up.ports['admin']} is taken by another program; end it or set HALAQA_ADMIN_PORT\n"
    )


def test_a_folder_that_cannot_be_written_to_is_said_in_one_line(up: Up) -> None:
    up.environ["HALAQA_DATA_DIR"] = "/proc/halaqa"

    code = up.start().wait(PATIENCE_S)

    assert code == 2
    (line,) = up.said.read_text().splitlines()
    assert line.startswith("halaqa: cannot write to /proc/halaqa")


def test_a_second_supervisor_on_the_same_data_says_who_has_it(school: Up, up: Up) -> None:
    up.environ["HALAQA_DATA_DIR"] = school.environ["HALAQA_DATA_DIR"]
    assert school.process is not None

    code = up.start().wait(PATIENCE_S)

    assert code == 2
    assert f"is in use by process {school.process.pid}" in up.said.read_text()
