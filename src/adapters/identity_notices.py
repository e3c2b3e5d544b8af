"""Messages of the system that manages people elsewhere: signed, fresh, and read into our own words. (ID-13)

``Halaqa-Signature: t=<unix seconds>,v1=<hex>``, where the hex is HMAC-SHA256 over ``<t>.<body>`` with a shared secret.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from application.identity.sync_external_user import ExternalChange, Kind
from domain.errors import Invalid
from ports.clock import Clock
from ports.errors import BadSignature

HEADER = "halaqa-signature"
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class PersonTold(msgspec.Struct, kw_only=True):
    """What we do not know of is left aside: the other system may tell more."""

    id: Text
    email: Annotated[str, msgspec.Meta(max_length=254)] = ""
    email_verified: bool = False
    name: Annotated[str, msgspec.Meta(max_length=120)] = ""
    zone: Annotated[str, msgspec.Meta(max_length=60)] = ""
    locale: Literal["", "en", "ar", "ur"] = ""


class Told(msgspec.Struct, kw_only=True):
    id: Text
    type: Literal["user.created", "user.updated", "user.deleted"]
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)]
    data: PersonTold


class IdentityNotices:
    """``secrets``: newest first; every one of them is good, so that they can be exchanged without a pause."""

    def __init__(self, clock: Clock, secrets: Sequence[str], tolerance_s: int) -> None:
        self._clock, self._secrets, self._tolerance_s = clock, tuple(secrets), tolerance_s

    @property
    def expected(self) -> bool:
        """Whether another system manages people at all."""
        return bool(self._secrets)

    def read(self, signature: str, body: bytes) -> ExternalChange:
        """Raises BadSignature, Invalid."""
        self._require_signed(signature, body)
        try:
            told = msgspec.json.decode(body, type=Told)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Invalid("this is not a message that we know") from error
        return ExternalChange(
            event_id=told.id,
            kind=Kind(told.type),
            at=told.occurred_at,
            subject=told.data.id,
            email=told.data.email,
            email_verified=told.data.email_verified,
            name=told.data.name,
            zone=told.data.zone,
            locale=told.data.locale,
        )

    def _require_signed(self, signature: str, body: bytes) -> None:
        parts = [part.strip().partition("=") for part in signature.split(",")]
        moments = [value for name, _, value in parts if name == "t" and value.isascii() and value.isdigit()]
        given = [value for name, _, value in parts if name == "v1"]
        if len(moments) != 1 or len(moments[0]) > 12 or not given:
            raise BadSignature("identity", "not signed")
        if abs(self._clock.now().timestamp() - int(moments[0])) > self._tolerance_s:
            raise BadSignature("identity", "signed too long ago")
        signed = moments[0].encode() + b"." + body
        made = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in self._secrets]
        if not any(hmac.compare_digest(one.encode(), other.encode()) for one in made for other in given):
            raise BadSignature("identity", "not signed with our secret")
