"""Razorpay's objects, as far as we read them. Source: Razorpay API reference (orders, payments, refunds, errors,
webhook payloads).
"""

from typing import Any, Generic, Literal, TypeVar

import msgspec

T = TypeVar("T")
Notes = dict[str, Any] | list[Any]
"""Empty ones come back as a list."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """``payments`` is there where it was asked to be expanded."""

    id: str
    amount: int
    currency: str
    status: Literal["created", "attempted", "paid"]
    created_at: int
    receipt: str | None = None
    notes: Notes = {}
    payments: "Collection[Payment] | None" = None

    def note(self, name: str) -> str:
        return str(self.notes.get(name, "")) if isinstance(self.notes, dict) else ""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    amount: int
    currency: str
    status: Literal["created", "authorized", "captured", "refunded", "failed"]
    created_at: int
    order_id: str | None = None
    amount_refunded: int | None = 0
    error_code: str | None = None
    error_reason: str | None = None


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    amount: int
    currency: str
    payment_id: str
    status: Literal["pending", "processed", "failed"]
    created_at: int
    notes: Notes = {}

    def note(self, name: str) -> str:
        return str(self.notes.get(name, "")) if isinstance(self.notes, dict) else ""


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    payment_id: str
    amount: int
    currency: str
    status: str
    created_at: int
    reason_code: str = ""
    respond_by: int | None = None
    amount_deducted: int = 0


class Collection(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    items: list[T]


class _Entity(msgspec.Struct, Generic[T], frozen=True):
    entity: T


class _OrderRef(msgspec.Struct, frozen=True):
    id: str


class _PaymentRef(msgspec.Struct, frozen=True):
    id: str
    order_id: str | None = None


class _RefundRef(msgspec.Struct, frozen=True):
    id: str
    payment_id: str = ""


class _Payload(msgspec.Struct, frozen=True):
    order: _Entity[_OrderRef] | None = None
    payment: _Entity[_PaymentRef] | None = None
    refund: _Entity[_RefundRef] | None = None
    dispute: _Entity[_RefundRef] | None = None


class Event(msgspec.Struct, frozen=True):
    """A webhook. ``payload`` holds what ``contains`` lists; other kinds of objects are left unread."""

    event: str
    created_at: int
    payload: _Payload = _Payload()

    @property
    def object_ref(self) -> str:
        """What ``fetch`` takes: the order where it is named, else what leads to it."""
        told = self.payload
        if told.dispute is not None:
            return told.dispute.entity.id
        if told.order is not None:
            return told.order.entity.id
        if told.payment is not None:
            return told.payment.entity.order_id or ""
        return told.refund.entity.payment_id if told.refund is not None else ""


class Failure(msgspec.Struct, frozen=True):
    code: str = ""
    description: str = ""
    reason: str | None = None
    field: str | None = None


class ErrorAnswer(msgspec.Struct, frozen=True):
    error: Failure = Failure()
