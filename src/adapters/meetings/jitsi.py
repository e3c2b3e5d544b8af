"""Jitsi rooms with token authentication. A room exists as soon as somebody enters it, so nothing is called here.

Source: Jitsi, "Prosody token authentication": HS256; ``room`` in lower case; values of ``context.user`` are strings,
numbers or null.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import jwt

from domain.scheduling.meeting_server import MeetingServer, Service
from domain.time import TimeSlot
from ports.scheduling.meetings import MeetingRequest, Participant

PREFIX: Final = "halaqa-"
SLACK: Final = timedelta(minutes=10)
"""Clocks differ, and lessons run over: the token lives a little longer than the door is open."""


class JitsiMeetings:
    """``base_url`` such as ``https://meet.example.org``. Without ``app_secret`` the server asks for no token, and the
    unguessable room is all that keeps strangers out.
    """

    name: Final = Service.JITSI.value
    needs_host: Final = False

    def __init__(
        self,
        *,
        base_url: str,
        room_secret: str,
        app_id: str = "",
        app_secret: str = "",
        audience: str = "jitsi",
        subject: str = "",
    ) -> None:
        self._base = base_url.rstrip("/")
        self._room_key = room_secret.encode()
        self._app_id, self._app_secret, self._audience = app_id, app_secret, audience
        self._subject = subject or urlsplit(self._base).hostname or "*"

    async def create(self, request: MeetingRequest) -> str:
        """From the lesson's id and our secret, so that two workers make one room: 160 bits, lower case."""
        digest = hmac.new(self._room_key, b"jitsi room " + request.lesson_id.bytes, hashlib.sha256).digest()
        return PREFIX + base64.b32encode(digest[:20]).decode().lower()

    async def join_url(
        self, room: str, participant: Participant, *, server: MeetingServer, opens_at: datetime, closes_at: datetime
    ) -> str:
        base = server.server_url.rstrip("/") or self._base
        if not self._app_secret or not server.tokens:
            return f"{base}/{room}"
        claims = {
            "iss": self._app_id,
            "aud": self._audience,
            "sub": self._subject if base == self._base else urlsplit(base).hostname,
            "room": room.lower(),
            "nbf": int((opens_at - SLACK).timestamp()),
            "exp": int((closes_at + SLACK).timestamp()),
            "context": {
                "user": {
                    "id": self._alias(participant),
                    "name": participant.name,
                    "affiliation": "owner" if participant.leads else "member",
                    "moderator": "true" if participant.leads else "false",
                }
            },
        }
        return f"{base}/{room}?jwt={jwt.encode(claims, self._app_secret, algorithm='HS256')}"

    def reference(self, room: str) -> str:
        return ""

    async def move(self, room: str, slot: TimeSlot) -> None:
        """A room has no time: the token has."""

    async def cancel(self, room: str) -> None:
        """A room that nobody may enter any more is gone: the door is ours."""

    async def withdraw(self, request: MeetingRequest) -> None:
        """Nothing is left behind where nothing was called."""

    def _alias(self, participant: Participant) -> str:
        """Stable for one person, and tells the provider nothing about the account."""
        mac = hmac.new(self._room_key, b"jitsi user " + participant.user_id.bytes, hashlib.sha256)
        return mac.hexdigest()[:32]
