"""The child processes of ``halaqa up``: started in groups of their own, watched, restarted, stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from entrypoints.embedded.account import child_setup
from entrypoints.embedded.processes import command_of, is_alive, wait_until_gone
from entrypoints.settings_checks import PREFIX

MARK: Final = "entrypoints.cli"
LONGEST_LOG: Final = 16 * 1024 * 1024
LONGEST_BACKOFF_S: Final = 15.0
STEADY_S: Final = 30.0


class Child:
    """``serve-<name>`` of the command line. ``listener``: the socket it accepts from, which stays open when it dies, so
    that nobody is turned away; None for what answers no requests. ``number``: one of several of that name.
    """

    def __init__(
        self,
        name: str,
        listener: socket.socket | None,
        *,
        environ: Mapping[str, str],
        folder: Path,
        number: int = 1,
    ) -> None:
        self.name, self.number, self._listener = name, number, listener
        self.log = folder / (f"{name}.log" if number == 1 else f"{name}-{number}.log")
        self.failures = 0
        self._ready = -1
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
            self._process = self._spawn(log.fileno())
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
        """A server says so itself: the port is shared, so that asking there would ask anybody."""
        if self._process is None or self._process.poll() is not None:
            return False
        if self._ready < 0:
            return True
        try:
            told = os.read(self._ready, 1)
        except BlockingIOError:
            return False
        os.close(self._ready)
        self._ready = -1
        return bool(told)

    def successor(self) -> "Child":
        """Another one of the same kind, which is not started yet."""
        return Child(self.name, self._listener, environ=self._environ, folder=self.log.parent, number=self.number)

    def _spawn(self, log: int) -> "subprocess.Popen[bytes]":
        if self._listener is None:
            return spawn([f"serve-{self.name}"], self._environ, stdout=log)
        if self._ready >= 0:
            os.close(self._ready)
        self._ready, told = os.pipe()
        os.set_blocking(self._ready, False)
        handed = {f"{PREFIX}LISTEN_FD": str(self._listener.fileno()), f"{PREFIX}READY_FD": str(told)}
        try:
            return spawn(
                [f"serve-{self.name}"],
                {**self._environ, **handed},
                stdout=log,
                pass_fds=(self._listener.fileno(), told),
            )
        finally:
            os.close(told)

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


def spawn(
    arguments: list[str], environ: Mapping[str, str], stdout: int | None = None, pass_fds: tuple[int, ...] = ()
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", MARK, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stdout,
        env=dict(environ),
        pass_fds=pass_fds,
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
