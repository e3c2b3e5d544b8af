"""A browser that somebody has asked to show him messages. (NOTI-03)"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec

from domain.errors import Invalid
from domain.ids import BrowserId, UserId
from domain.notification.topic import Topic

PUSHED: Final = frozenset(
    {
        Topic.LESSON_REMINDER,
        Topic.CLASS_REMINDER,
        Topic.CLASS_CANCELLED,
        Topic.CLASS_TIME_MOVED,
        Topic.CLASS_TIME_CANCELLED,
        Topic.LESSON_RESCHEDULED,
        Topic.LESSON_CANCELLED,
        Topic.RESCHEDULE_PROPOSED,
        Topic.RESCHEDULE_DECLINED,
        Topic.QARI_ABSENT,
        Topic.LESSON_REQUESTED,
        Topic.REQUEST_APPROVED,
    }
)
"""What is told at once where somebody looks anyhow: beside the mail, not instead of it."""
MOST: Final = 10
"""Browsers of one person; the oldest gives way."""
LONGEST: Final = 2000
_POINT: Final = 65
_AUTH: Final = 16


class PushAddress(msgspec.Struct, frozen=True, kw_only=True):
    """As the browser gives it. Whoever knows it can reach the browser: it is a secret. (RFC 8030, 8291)"""

    endpoint: str
    p256dh: str
    auth: str

    @classmethod
    def given(cls, endpoint: str, p256dh: str, auth: str, hosts: Iterable[str]) -> "PushAddress":
        """``hosts``: the push services that we call; nobody makes us call another. Raises Invalid."""
        try:
            parts = urlsplit(endpoint)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            host, port, parts = "", None, urlsplit("")
        plain = parts.scheme == "https" and port in (None, 443) and not parts.username and not parts.password
        if not plain or len(endpoint) > LONGEST or service_of(host, hosts) is None:
            raise Invalid("this browser's push service is not known here", field="endpoint")
        if _size(p256dh, starts=b"\x04") != _POINT or _size(auth) != _AUTH:
            raise Invalid("the browser gave keys that are none", field="keys")
        return cls(endpoint=endpoint, p256dh=p256dh, auth=auth)

    @property
    def fingerprint(self) -> bytes:
        return hashlib.sha256(self.endpoint.encode()).digest()


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """``sealed`` holds its PushAddress, ``fingerprint`` tells it again. ``label``: so that its owner knows it."""

    id: BrowserId
    user_id: UserId
    fingerprint: bytes
    sealed: bytes
    label: str
    created_at: datetime


def service_of(host: str, hosts: Iterable[str]) -> str | None:
    """Which of the known services that is; ``.example`` stands for every name below it."""
    host = host.lower().rstrip(".")
    return next((name for name in hosts if host == name or (name.startswith(".") and host.endswith(name))), None)


def _size(text: str, *, starts: bytes = b"") -> int:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return 0
    return len(raw) if raw.startswith(starts) else 0
