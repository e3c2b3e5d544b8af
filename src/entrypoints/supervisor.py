"""``halaqa up``: the whole school from one command, and all of it gone again after one Ctrl-C."""

import asyncio
import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Final

import asyncpg

from adapters.persistence.revision import is_current
from entrypoints.children import Child, clear_leftovers, signal_group, spawn, stop_all, write_down
from entrypoints.embedded.folders import CannotStart
from entrypoints.embedded.services import Services, owning
from entrypoints.seed.accounts import ACCOUNTS, PASSWORD
from entrypoints.settings import Settings
from entrypoints.settings_checks import PREFIX

STOP_GRACE_S: Final = 2.0
START_PATIENCE_S: Final = 40.0
ROLL_GRACE_S: Final = 15.0
BACKLOG: Final = 2048


class _Stop(Exception):
    """Somebody asked us to stop before everything had started."""


class Supervisor:
    def __init__(self, settings: Settings, *, seed: bool = True, say: Callable[[str], object] | None = None) -> None:
        self._services = Services(settings)
        self._settings = self._services.settings
        self._seed = seed and not settings.production
        self._say = say or _say
        self._stopping = False
        self._pids = settings.data / "processes"
        environ = self._environment()
        folder = settings.data / "log"
        self._ports = {"sandbox": settings.sandbox_port, "main": settings.main_port, "admin": settings.admin_port}
        self._make = partial(Child, environ=environ, folder=folder)
        self._children: list[Child] = []
        self._rolling = False

    def run(self) -> int:
        """Returns when everything has stopped. Raises CannotStart."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGUSR1, self._on_reload)
        with owning(self._settings.data):
            try:
                self._start()
                self._watch()
            except _Stop:
                pass
            finally:
                self._stop()
        return 0

    def _start(self) -> None:
        started = time.monotonic()
        clear_leftovers(self._pids)
        for name, port in self._ports.items():
            listener = listen(self._settings.host, port, f"{PREFIX}{name.upper()}_PORT")
            count = self._settings.main_processes if name == "main" else 1
            self._children += [self._make(name, listener, number=number) for number in range(1, count + 1)]
        self._children.append(self._make("worker", None))
        self._say("Starting the database …")
        self._services.start()
        self._check()
        fresh = self._migrate()
        self._check()
        if self._seed and (fresh or asyncio.run(_is_empty(self._settings.database_url))):
            self._plant()
        self._start_children(self._children)
        self._say(self._welcome(time.monotonic() - started))

    def _start_children(self, children: list[Child]) -> None:
        for child in children:
            child.start()
        write_down(self._pids, [child.pid for child in self._children])
        patience = time.monotonic() + START_PATIENCE_S
        waiting = list(children)
        while waiting:
            self._check()
            for child in list(waiting):
                if child.exit_code() is not None:
                    raise CannotStart(f"{child.name} did not start: {child.last_words()} (see {child.log})")
                if child.is_ready():
                    waiting.remove(child)
            if waiting and time.monotonic() > patience:
                raise CannotStart(
                    f"{waiting[0].name} was not ready after {START_PATIENCE_S:.0f} s; see {waiting[0].log}"
                )
            time.sleep(0.05)

    def _migrate(self) -> bool:
        """Whether there was something to do. Alembic is not even loaded where there was not."""
        if asyncio.run(is_current(self._settings.database_url)):
            return False
        from adapters.persistence.migrate import upgrade

        self._say("Bringing the database to the newest schema …")
        asyncio.run(upgrade(self._settings.database_url))
        return True

    def _plant(self) -> None:
        """In a process of its own, which takes what it needed of memory with it."""
        process = spawn(["seed", "--if-empty"], self._environment())
        while process.poll() is None:
            if self._stopping:
                signal_group(process.pid, signal.SIGTERM)
                process.wait(3)
                raise _Stop
            time.sleep(0.05)
        if process.returncode != 0:
            raise CannotStart(
                "the demo school could not be made; the reason is above (`halaqa up --no-seed` goes without)"
            )

    def _watch(self) -> None:
        while not self._stopping:
            if self._rolling:
                self._roll()
            for child in self._children:
                self._look_after(child)
            self._look_after_servers()
            time.sleep(0.1)

    def _look_after(self, child: Child) -> None:
        if child.restart_at is not None:
            if time.monotonic() >= child.restart_at:
                child.start()
                write_down(self._pids, [child.pid for child in self._children])
            return
        code = child.exit_code()
        if code is None:
            return
        wait_s = child.plan_restart()
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        self._say(f"{child.name} {how}; it starts again in {wait_s:.1f} s. Its last line: {child.last_words()}")

    def _roll(self) -> None:
        """One after the other: a new process serves before the old one is told to leave. One that does not come up
        leaves the old one where it is.
        """
        self._rolling = False
        for index, old in enumerate(self._children):
            new = old.successor()
            new.start()
            write_down(self._pids, [child.pid for child in (*self._children, new)])
            patience = time.monotonic() + START_PATIENCE_S
            while not new.is_ready() and new.exit_code() is None and time.monotonic() < patience:
                self._check()
                time.sleep(0.05)
            if new.exit_code() is not None or time.monotonic() >= patience:
                new.signal(signal.SIGKILL)
                self._say(f"{old.name} stays as it is: the new one did not start. {new.last_words()} (see {new.log})")
                return
            self._children[index] = new
            old.signal(signal.SIGTERM)
            old.wait(time.monotonic() + ROLL_GRACE_S)
            old.signal(signal.SIGKILL)
            old.wait(time.monotonic() + 1)
            write_down(self._pids, [child.pid for child in self._children])
            self._say(f"{new.name} is new.")

    def _look_after_servers(self) -> None:
        for name, server in (("PostgreSQL", self._services.postgres), ("Valkey", self._services.valkey)):
            if server is not None and not server.is_running():
                self._say(f"{name} ended; it starts again. See {server.log}")
                server.start()

    def _stop(self) -> None:
        if any(child.pid for child in self._children):
            self._say("Stopping …")
        stop_all(self._children, STOP_GRACE_S)
        self._services.stop()
        self._pids.unlink(missing_ok=True)

    def _check(self) -> None:
        if self._stopping:
            raise _Stop

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._stopping:
            for child in self._children:
                child.signal(signal.SIGKILL)
        self._stopping = True

    def _on_reload(self, number: int, frame: FrameType | None) -> None:
        self._rolling = True

    def _environment(self) -> dict[str, str]:
        settings = self._settings
        resolved = {
            f"{PREFIX}DATABASE_URL": settings.database_url,
            f"{PREFIX}REDIS_URL": settings.redis_url,
            f"{PREFIX}DATA_DIR": settings.data_dir,
            "PYTHONUNBUFFERED": "1",
        }
        inherited = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in resolved}
        return inherited | resolved

    def _welcome(self, seconds: float) -> str:
        settings = self._settings
        lines = [
            "",
            f"  {settings.school_name} is open. ({seconds:.1f} s)",
            "",
            f"    main     {settings.main_url:<28} students, guardians, Qaris",
            f"    admin    {settings.admin_url:<28} the school's staff",
            f"    sandbox  {settings.sandbox_url:<28} the payment provider's test side",
            "",
        ]
        if self._seed:
            lines.append(f"  Demo accounts, all with the password {PASSWORD}")
            lines.append("")
            lines += [f"    {account.door:<7}  {account.email:<28} {account.who}" for account in ACCOUNTS]
            lines.append("")
        lines += [f"  Logs are in {settings.data / 'log'}. Ctrl-C stops everything.", ""]
        return "\n".join(lines)


def listen(host: str, port: int, setting: str) -> socket.socket:
    """Open for as long as the school is, whoever accepts from it. Raises CannotStart. A port in TIME_WAIT is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(f"port {port} is taken by another program; end it or set {setting}") from error
        reason = error.strerror or str(error)
        raise CannotStart(f"cannot listen on {host}:{port} ({reason.lower()}); set {setting} or HALAQA_HOST") from error
    return listener


async def _is_empty(url: str) -> bool:
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://", 1))
    try:
        return not await connection.fetchval("SELECT EXISTS (SELECT FROM users)")
    finally:
        await connection.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
