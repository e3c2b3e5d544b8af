"""The child processes of ``halaqa up``: started in groups of their own, watched, restarted, stopped."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from entrypoints.embedded.account import child_setup
from entrypoints.embedded.processes import command_of, is_alive, wait_until_gone

MARK: Final = "entrypoints.cli"
LONGEST_LOG: Final = 16 * 1024 * 1024
LONGEST_BACKOFF_S: Final = 15.0
STEADY_S: Final = 30.0


class Child:
    """``serve-<name>`` of the command line. ``port`` is None for what answers no requests."""

    def __init__(self, name: str, port: int | None, *, host: str, environ: Mapping[str, str], folder: Path) -> None:
        self.name, self.port, self.host = name, port, host
        self.log = folder / f"{name}.log"
        self.failures = 0
        self.restart_at: float | None = None
        self._environ, self._started_at = environ, 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self._process = spawn([f"serve-{self.name}"], self._environ, stdout=log.fileno())
        self._started_at, self.restart_at = time.monotonic(), None

    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def plan_restart(self) -> float:
        """Seconds until the next try: longer after each failure, from the start after a steady while."""
        now = time.monotonic()
        self.failures = 1 if now - self._started_at > STEADY_S else self.failures + 1
        wait_s: float = min(0.25 * 2**self.failures, LONGEST_BACKOFF_S)
        self.restart_at = now + wait_s
        return wait_s

    def is_ready(self) -> bool:
        if self.port is None:
            return self._process is not None and self._process.poll() is None
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - compared, not listened on
        connection = http.client.HTTPConnection(host, self.port, timeout=1)
        try:
            connection.request("GET", "/health/live")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def signal(self, how: signal.Signals) -> None:
        """To the whole group: a child may have children."""
        if self._process is not None and self._process.poll() is None:
            signal_group(self._process.pid, how)

    def wait(self, until: float) -> bool:
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def last_words(self) -> str:
        try:
            lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        except OSError:
            return ""
        return lines[-1][:200] if lines else ""


def spawn(arguments: list[str], environ: Mapping[str, str], stdout: int | None = None) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", MARK, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stdout,
        env=dict(environ),
        start_new_session=True,
        preexec_fn=child_setup(None, death_signal=signal.SIGTERM),
    )


def signal_group(pid: int, how: signal.Signals) -> None:
    try:
        os.killpg(pid, how)
    except (ProcessLookupError, PermissionError):
        return


def stop_all(children: list[Child], grace_s: float) -> None:
    for child in children:
        child.signal(signal.SIGTERM)
    until = time.monotonic() + grace_s
    for child in children:
        if not child.wait(until):
            child.signal(signal.SIGKILL)
    for child in children:
        child.wait(time.monotonic() + 1)


def write_down(path: Path, pids: list[int]) -> None:
    path.write_text("\n".join(str(pid) for pid in pids if pid) + "\n")


def clear_leftovers(path: Path) -> int:
    """Ends what a killed supervisor left running, where the system did not do it. Says how many there were."""
    try:
        pids = [int(line) for line in path.read_text().split()]
    except (OSError, ValueError):
        return 0
    left = [pid for pid in pids if pid != os.getpid() and is_alive(pid) and MARK in command_of(pid)]
    for pid in left:
        signal_group(pid, signal.SIGTERM)
    for pid in left:
        if not wait_until_gone(pid, 3):
            signal_group(pid, signal.SIGKILL)
    path.unlink(missing_ok=True)
    return len(left)
