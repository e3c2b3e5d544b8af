"""Errors to anything that understands Sentry's envelopes. Off unless an address is set. (OPS-09)

A thread of its own sends them, so that nobody waits; where too many come at once, or the service asks for a rest, the
rest is dropped: the log has them all. Source: develop.sentry.dev, "Envelopes" and "Event Payloads".
"""

import queue
import threading
import time
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import msgspec

from ports.oversight.errors import Mishap

ROOM: Final = 100
TIMEOUT_S: Final = 5.0
REST_S: Final = 60.0
CLIENT: Final = "halaqa/1"


class Dsn(msgspec.Struct, frozen=True):
    url: str
    key: str


def read_dsn(text: str) -> Dsn | None:
    """None for an empty one. Raises ValueError, without showing it: it holds a key."""
    if not text:
        return None
    parts = urlsplit(text)
    path, _, project = parts.path.rpartition("/")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.username or not project.isalnum():
        raise ValueError("should look like https://key@host/project")
    port = f":{parts.port}" if parts.port else ""
    return Dsn(f"{parts.scheme}://{parts.hostname}{port}{path}/api/{project}/envelope/", parts.username)


class EnvelopeReporter:
    """A ``ports.oversight.errors.ErrorReporter``."""

    def __init__(
        self, dsn: Dsn, *, environment: str, release: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._dsn, self._tags = dsn, {"environment": environment, "release": release}
        self._waiting: queue.Queue[Mishap] = queue.Queue(ROOM)
        self._client = httpx.Client(timeout=TIMEOUT_S, trust_env=False, transport=transport)
        self._rests_until = 0.0
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def __call__(self, mishap: Mishap) -> None:
        try:
            self._waiting.put_nowait(mishap)
        except queue.Full:
            return
        with self._lock:
            # Begun here and not before: a process that forks takes no threads along.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._send_all, name="error-reports", daemon=True)
                self._thread.start()

    def drain(self) -> None:
        """Returns when all that was told so far has been sent or dropped."""
        self._waiting.join()

    def _send_all(self) -> None:
        while True:
            mishap = self._waiting.get()
            try:
                if time.monotonic() >= self._rests_until:
                    self._send(mishap)
            except (httpx.HTTPError, ValueError):
                self._rests_until = time.monotonic() + REST_S
            finally:
                self._waiting.task_done()

    def _send(self, mishap: Mishap) -> None:
        event = self._event(mishap)
        payload = msgspec.json.encode(event)
        body = b"\n".join(
            (
                msgspec.json.encode({"event_id": event["event_id"], "sent_at": event["timestamp"]}),
                msgspec.json.encode({"type": "event", "length": len(payload)}),
                payload,
            )
        )
        answer = self._client.post(
            self._dsn.url,
            content=body,
            headers={
                "content-type": "application/x-sentry-envelope",
                "x-sentry-auth": f"Sentry sentry_version=7, sentry_client={CLIENT}, sentry_key={self._dsn.key}",
            },
        )
        if answer.status_code == 429 or answer.status_code >= 500:
            told = answer.headers.get("retry-after", "")
            self._rests_until = time.monotonic() + (float(told) if told.isdigit() else REST_S)

    def _event(self, mishap: Mishap) -> dict[str, Any]:
        event: dict[str, Any] = {
            "event_id": uuid4().hex,
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "platform": "python",
            "level": "error",
            "logger": mishap.logger,
            "message": {"formatted": mishap.said},
            "tags": {"process": mishap.process, "request_id": mishap.request_id},
            **self._tags,
        }
        if mishap.kind:
            frames = [
                {"filename": frame.file, "function": frame.function, "lineno": frame.line, "in_app": True}
                for frame in mishap.frames
            ]
            event["exception"] = {
                "values": [{"type": mishap.kind, "value": mishap.message, "stacktrace": {"frames": frames}}]
            }
        return event
