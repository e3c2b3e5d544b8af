"""What goes over the wire between the provider and its clients: the objects of the JSON API and of the webhooks."""

from datetime import datetime
from typing import Literal

import msgspec

CheckoutStatus = Literal["open", "requires_action", "processing", "failed", "succeeded", "expired"]
RefundStatus = Literal["pending", "succeeded", "failed"]
EventType = Literal[
    "checkout.requires_action",
    "checkout.processing",
    "checkout.payment_failed",
    "checkout.succeeded",
    "checkout.expired",
    "refund.created",
    "refund.updated",
    "refund.failed",
]


class RefundObject(msgspec.Struct, frozen=True, kw_only=True, tag_field="object", tag="refund"):
    id: str
    checkout: str
    reference: str
    amount: int
    currency: str
    reason: str
    status: RefundStatus
    failure_reason: str | None
    created_at: datetime
    updated_at: datetime


class CheckoutObject(msgspec.Struct, frozen=True, kw_only=True, tag_field="object", tag="checkout"):
    """``status`` "failed": the last try was declined and ``decline_code`` says why; it can be tried again until
    ``expires_at``. ``refunded`` is what has gone back, pending refunds not counted. ``charge`` is None until paid.
    """

    id: str
    account: str
    reference: str
    url: str
    status: CheckoutStatus
    amount: int
    refunded: int
    currency: str
    description: str
    payer_email: str
    success_url: str
    cancel_url: str
    metadata: dict[str, str]
    decline_code: str | None
    charge: str | None
    card_brand: str | None
    card_last4: str | None
    refunds: tuple[RefundObject, ...]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime


class CheckoutPage(msgspec.Struct, frozen=True, kw_only=True):
    data: tuple[CheckoutObject, ...]
    next_cursor: str | None


class EventData(msgspec.Struct, frozen=True, kw_only=True):
    object: CheckoutObject | RefundObject


class EventObject(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    type: str
    account: str
    created_at: datetime
    data: EventData


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """``param`` names the field at fault."""

    type: Literal["invalid_request_error", "authentication_error", "idempotency_error", "api_error", "rate_limit_error"]
    code: str
    message: str
    param: str | None = None


class ErrorObject(msgspec.Struct, frozen=True, kw_only=True):
    error: ErrorBody


def encode_event(event: EventObject) -> bytes:
    """Indented, as other providers do it: a receiver that signs re-serialised JSON finds out at once."""
    return msgspec.json.format(msgspec.json.encode(event), indent=2)
