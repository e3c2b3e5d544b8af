"""What clients send to the API. Unknown fields, wrong types and overlong texts are refused."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec

_NO_NUL: Final = r"^[^\x00]*$"
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x20\x7f]+$")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=_NO_NUL)]
Url = Annotated[
    str, msgspec.Meta(max_length=2000, pattern=r"^https?://[A-Za-z0-9.:\[\]-]+(/[^\x00-\x20\x7f\"<>\\^`{|}]*)?$")
]
Email = Annotated[str, msgspec.Meta(min_length=3, max_length=320, pattern=r"^[^\x00-\x20@]+@[^\x00-\x20@]+$")]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
Minor = Annotated[int, msgspec.Meta(gt=0, le=10**12)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=_NO_NUL)]
Value = Annotated[str, msgspec.Meta(max_length=500, pattern=_NO_NUL)]
Metadata = Annotated[dict[Key, Value], msgspec.Meta(max_length=50)]


class NewCheckout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reference: Word
    amount: Minor
    currency: Currency
    description: Text
    payer_email: Email
    success_url: Url
    cancel_url: Url
    expires_at: Instant
    metadata: Metadata = {}

    @property
    def metadata_json(self) -> str:
        return msgspec.json.encode(self.metadata).decode()


class NewRefund(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    checkout: Word
    reference: Word
    amount: Minor
    currency: Currency
    reason: Text


class PastRefund(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``id`` starts with ``re_``; made here when left out."""

    id: Annotated[str, msgspec.Meta(pattern="^re_[A-Za-z0-9]{8,64}$")] | None = None
    reference: Word
    amount: Minor
    reason: Text
    created_at: Instant
    status: Literal["succeeded", "failed"] = "succeeded"


class PastCheckout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A checkout of the past, for a demo school. ``id`` starts with ``cs_`` and is the import's idempotency: one that
    is known already is left alone.
    """

    id: Annotated[str, msgspec.Meta(pattern="^cs_[A-Za-z0-9]{8,64}$")]
    account: Word | None = None
    reference: Word
    status: Literal["succeeded", "failed", "expired"] = "succeeded"
    amount: Minor
    currency: Currency
    description: Text
    payer_email: Email
    created_at: Instant
    paid_at: Instant | None = None
    charge: Annotated[str, msgspec.Meta(pattern="^ch_[A-Za-z0-9]{8,64}$")] | None = None
    decline_code: Word | None = None
    card_brand: Text = "Visa"
    card_last4: Annotated[str, msgspec.Meta(pattern="^[0-9]{4}$")] = "4242"
    success_url: Url = "http://127.0.0.1/"
    cancel_url: Url = "http://127.0.0.1/"
    metadata: Metadata = {}
    refunds: tuple[PastRefund, ...] = ()
