"""What Zoom tells by itself: that it wants to know whether we are there, and who came and went. (LIVE-09)

Source: Zoom developer documentation, "Using webhooks": ``v0=`` and the HMAC-SHA256 of ``v0:{timestamp}:{body}`` under
the app's secret token; ``endpoint.url_validation`` is answered with the HMAC of its ``plainToken``, within 3 seconds.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from adapters.meetings.zoom.accounts import ZoomAccount
from domain.scheduling.meeting_server import Service
from ports.errors import BadSignature
from ports.scheduling.meetings import Challenge, Seen

TOLERANCE: Final = timedelta(minutes=5)
CAME, LEFT, ASKED = "meeting.participant_joined", "meeting.participant_left", "endpoint.url_validation"
LONGEST_NAME: Final = 200


class _Person(msgspec.Struct, kw_only=True):
    user_name: str = ""
    participant_uuid: str = ""
    user_id: str = ""
    join_time: datetime | None = None
    leave_time: datetime | None = None


class _Object(msgspec.Struct, kw_only=True):
    id: str | int
    uuid: str = ""
    participant: _Person


class _Payload(msgspec.Struct, kw_only=True):
    plain_token: str = msgspec.field(name="plainToken", default="")
    object: Any = None


class _Message(msgspec.Struct, kw_only=True):
    event: str
    payload: _Payload


class ZoomNotices:
    """Of one account. Header names are lower case."""

    provider: Final = Service.ZOOM.value

    def __init__(self, account: ZoomAccount) -> None:
        self.account = account.name
        self._secrets = [secret.encode() for secret in account.webhook_secrets]

    def read(self, raw: bytes, headers: Mapping[str, str], at: datetime) -> Challenge | Seen | None:
        """None for what is of no interest here. Raises BadSignature, also for a body that cannot be read."""
        secret = self._signer(raw, headers, at)
        try:
            message = msgspec.json.decode(raw, type=_Message)
            if message.event == ASKED:
                plain = message.payload.plain_token
                return Challenge(plain=plain, sealed=hmac.new(secret, plain.encode(), hashlib.sha256).hexdigest())
            if message.event not in (CAME, LEFT):
                return None
            told = msgspec.convert(message.payload.object, _Object, strict=False)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise BadSignature(self._name, "a message that cannot be read") from error
        person = told.participant
        moment = person.join_time if message.event == CAME else person.leave_time
        when = (moment or at).astimezone(UTC)
        who = person.participant_uuid or person.user_id or person.user_name
        words = "\n".join((message.event, told.uuid, who, when.isoformat()))
        return Seen(
            reference=f"{self.account}:{told.id}",
            key=hashlib.sha256(words.encode()).hexdigest()[:40],
            name=person.user_name[:LONGEST_NAME],
            came=message.event == CAME,
            at=when,
        )

    def _signer(self, raw: bytes, headers: Mapping[str, str], at: datetime) -> bytes:
        stamp, shown = headers.get("x-zm-request-timestamp", ""), headers.get("x-zm-signature", "")
        if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
            raise BadSignature(self._name, "no timestamp")
        if abs(at.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
            raise BadSignature(self._name, "too old")
        for secret in self._secrets:
            wanted = "v0=" + hmac.new(secret, b"v0:" + stamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
            if hmac.compare_digest(wanted.encode(), shown.encode()):
                return secret
        raise BadSignature(self._name, "not signed by its provider")

    @property
    def _name(self) -> str:
        return f"zoom/{self.account}"
