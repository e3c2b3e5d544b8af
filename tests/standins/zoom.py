"""Zoom as far as its documentation tells: tokens of a server-to-server app, meetings of a user, webhooks.

    with zoom() as there:
        there.url, there.account
        raw, headers = there.webhook("meeting.participant_joined", {...}, at)
        assert there.violations == []

It keeps state, refuses what the documentation refuses, and notes as a violation whatever no adapter should ever send.
Source: the provider facts this project was given ("Zoom"); Zoom API reference for meetings.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

CLIENT, SECRET, ACCOUNT, HOOK = "client-of-the-app", "secret-of-the-app", "account-at-zoom", "secret-token-of-the-app"
_UTC: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_FIELDS: Final = {"topic", "type", "start_time", "duration", "password", "agenda", "settings", "timezone"}
_SETTINGS: Final = {
    "host_video": bool,
    "participant_video": bool,
    "join_before_host": bool,
    "mute_upon_entry": bool,
    "waiting_room": bool,
    "meeting_authentication": bool,
    "auto_recording": str,
    "approval_type": int,
    "email_notification": bool,
    "private_meeting": bool,
}
FIRST_ID: Final = 81_234_567_890


class Refused(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.body = status, {"code": code, "message": message}


class Zoom:
    """``hosts``: the users there are. ``tokens``: those that are good; empty it and the next call is refused."""

    def __init__(self, *hosts: str) -> None:
        self.url, self.hosts = "", set(hosts)
        self.account = {"name": "school", "account_id": ACCOUNT, "client_id": CLIENT, "client_secret": SECRET}
        self.meetings: dict[int, dict[str, Any]] = {}
        self.tokens: set[str] = set()
        self.violations: list[str] = []
        self.seen: list[str] = []
        self.started: list[int] = []
        self.changes: dict[str, int] = {}
        self._lock = threading.RLock()
        self._next = FIRST_ID

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        parts = urlsplit(target)
        query, path = dict(parse_qsl(parts.query)), parts.path
        with self._lock:
            self.seen.append(f"{method} {path}")
            try:
                if path == "/oauth/token":
                    return self._token(method, headers, body)
                return self._route(method, path.removeprefix("/v2"), query, headers, body)
            except Refused as refused:
                return refused.status, refused.body

    def _token(self, method: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        wanted = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        form = dict(parse_qsl(body.decode()))
        self._must(method == "POST", "a token is asked for with POST")
        self._must("form" in headers.get("content-type", ""), "a token is asked for with a form")
        if headers.get("authorization") != wanted:
            return 401, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}
        if form != {"grant_type": "account_credentials", "account_id": ACCOUNT}:
            return 400, {"reason": "Bad Request", "error": "invalid_request"}
        token = secrets.token_urlsafe(24)
        self.tokens.add(token)
        return 200, {"access_token": token, "token_type": "bearer", "expires_in": 3600, "scope": "meeting:write"}

    def _route(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> tuple[int, Any]:
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            raise Refused(401, 124, "Invalid access token.")
        if found := re.fullmatch(r"/users/([^/]+)/meetings", path):
            host = unquote(found[1])
            if host not in self.hosts:
                raise Refused(404, 1001, f"User does not exist: {host}.")
            return self._create(host, self._json(headers, body)) if method == "POST" else self._list(host, query)
        if found := re.fullmatch(r"/meetings/(\d+)", path):
            meeting = self.meetings.get(int(found[1]))
            if meeting is None:
                raise Refused(404, 3001, f"Meeting does not exist: {found[1]}.")
            return self._one(method, meeting, query, headers, body)
        self._must(False, f"there is no {method} {path}")
        raise Refused(404, 404, "no such address")

    def _create(self, host: str, given: dict[str, Any]) -> tuple[int, Any]:
        self._count(host)
        self._check(given)
        for field in ("topic", "type", "start_time", "duration", "password", "settings"):
            self._must(field in given, f"a meeting is made without its {field}")
        self._next += 1
        meeting = {**given, "id": self._next, "host": host}
        self.meetings[self._next] = meeting
        return 201, self._shown(meeting)

    def _list(self, host: str, query: dict[str, str]) -> tuple[int, Any]:
        self._must(set(query) <= {"type", "page_size", "next_page_token"}, f"a list is asked for with {query}")
        self._must(query.get("type") == "upcoming", "only what is ahead is of use")
        size = min(int(query.get("page_size", "30")), 300)
        start = int(query.get("next_page_token") or "0")
        own = [meeting for meeting in self.meetings.values() if meeting["host"] == host]
        shown = [
            {name: one[name] for name in ("id", "topic", "type", "start_time", "duration", "agenda") if name in one}
            for one in own[start : start + size]
        ]
        following = str(start + size) if start + size < len(own) else ""
        return 200, {"page_size": size, "next_page_token": following, "meetings": shown}

    def _one(
        self, method: str, meeting: dict[str, Any], query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> tuple[int, Any]:
        if method == "GET":
            return 200, self._shown(meeting)
        if method == "PATCH":
            self._count(meeting["host"])
            given = self._json(headers, body)
            self._check(given)
            meeting |= given
            return 204, None
        self._must(method == "DELETE", f"a meeting knows no {method}")
        self._must(set(query) <= {"schedule_for_reminder", "cancel_meeting_reminder"}, f"removed with {query}")
        del self.meetings[meeting["id"]]
        return 204, None

    def _shown(self, meeting: dict[str, Any]) -> dict[str, Any]:
        number, code = meeting["id"], meeting["password"]
        return {name: value for name, value in meeting.items() if name != "host"} | {
            "uuid": base64.b64encode(f"uuid of {number}".encode()).decode(),
            "host_id": f"id of {meeting['host']}",
            "join_url": f"https://us02web.zoom.us/j/{number}?pwd={code}.1",
            "start_url": f"https://us02web.zoom.us/s/{number}?zak={secrets.token_hex(8)}",
            "encrypted_password": f"{code}.1",
        }

    def _check(self, given: dict[str, Any]) -> None:
        self._must(set(given) <= _FIELDS, f"unknown fields {sorted(set(given) - _FIELDS)}")
        kinds = {"topic": str, "type": int, "duration": int, "password": str, "agenda": str, "settings": dict}
        for name, kind in kinds.items():
            self._must(name not in given or type(given[name]) is kind, f"{name} is no {kind.__name__}")
        self._must(len(given.get("topic", "")) <= 200, "a topic has 200 characters at most")
        self._must(re.fullmatch(r"[A-Za-z0-9@_*-]{0,10}", given.get("password", "")) is not None, "a bad passcode")
        self._must(given.get("type", 2) in (1, 2, 3, 8), "an unknown type")
        if "start_time" in given:
            self._must(_UTC.fullmatch(given["start_time"]) is not None, f"a bad time {given['start_time']}")
        self._must(given.get("duration", 1) > 0, "a meeting lasts")
        settings = given.get("settings", {})
        for name, value in settings.items():
            self._must(type(value) is _SETTINGS.get(name), f"a setting {name}={value!r}")
        both = settings.get("waiting_room") and settings.get("join_before_host")
        self._must(not both, "with a waiting room nobody is there before the host")
        self._must(settings.get("auto_recording", "none") in ("local", "cloud", "none"), "an unknown recording")

    def _count(self, host: str) -> None:
        self.changes[host] = self.changes.get(host, 0) + 1
        if self.changes[host] > 100:
            raise Refused(429, 429, "You have reached the maximum daily rate limit for this API.")

    def _json(self, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        self._must(headers.get("content-type", "").startswith("application/json"), "the body is no JSON")
        found = json.loads(body or b"{}")
        return found if isinstance(found, dict) else {}

    def _must(self, held: bool, otherwise: str) -> None:
        if not held:
            self.violations.append(otherwise)

    def webhook(self, event: str, payload: dict[str, Any], at: datetime) -> tuple[bytes, dict[str, str]]:
        stamp = int(at.timestamp())
        raw = json.dumps({"event": event, "event_ts": stamp * 1000, "payload": payload}).encode()
        signed = hmac.new(HOOK.encode(), f"v0:{stamp}:".encode() + raw, hashlib.sha256).hexdigest()
        headers = {"x-zm-signature": f"v0={signed}", "x-zm-request-timestamp": str(stamp)}
        return raw, headers | {"content-type": "application/json"}


@contextmanager
def zoom(*hosts: str) -> Iterator[Zoom]:
    there = Zoom(*(hosts or ("host-1@school.example", "host-2@school.example")))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves in one piece: in two, the second waits for the receipt of the first

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer = there.answer(self.command, self.path, headers, body)
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            if status != 204:
                self.send_header("content-type", "application/json;charset=UTF-8")
                self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _any  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    there.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
