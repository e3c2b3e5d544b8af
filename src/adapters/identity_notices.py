"""Messages of the system that manages people elsewhere: signed, fresh, and read into our own words. (ID-13)

They come in ``Halaqa-Signature``; see ``adapters.signed``.
"""

__all__ = ["HEADER", "ExternalChange", "IdentityNotices"]

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from adapters.signed import HEADER, require_signed
from application.identity.sync_external_user import ExternalChange, Kind
from domain.errors import Invalid
from ports.clock import Clock

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
        require_signed(
            "identity",
            signature,
            body,
            secrets=self._secrets,
            now=self._clock.now(),
            tolerance_s=self._tolerance_s,
        )
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
