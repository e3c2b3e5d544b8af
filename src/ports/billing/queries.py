"""Reads about money for screens, receipts and checks. They build no entity."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from domain.billing.dispute import Dispute
from domain.billing.ledger import Outcome
from domain.billing.payment import PaymentStatus
from domain.billing.refund import RefundCause, RefundStatus
from domain.billing.webhook_event import WebhookStatus
from domain.ids import BookingId, PaymentId, RefundId, UserId, WebhookId
from domain.money import Money
from ports.paging import Page


class PaymentLineView(msgspec.Struct, frozen=True, kw_only=True):
    """One lesson of a payment. ``booking_status`` is the lesson's now."""

    booking_id: BookingId
    starts_at: datetime
    ends_at: datetime
    booking_status: str
    learner_name: str
    qari_name: str
    amount: Money


class RefundView(msgspec.Struct, frozen=True, kw_only=True):
    """``by_name`` is None where a rule gave the money back."""

    refund_id: RefundId
    booking_id: BookingId | None
    amount: Money
    status: RefundStatus
    cause: RefundCause
    reason: str
    created_at: datetime
    by_name: str | None = None
    settled_at: datetime | None = None
    failure: str | None = None
    provider_ref: str | None = None


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """``url`` is where it can be paid while it is open. ``refundable``: what staff may still give back. ``disputes``
    are only told of a payment that is looked at by itself.
    """

    payment_id: PaymentId
    payer_id: UserId
    payer_name: str
    payer_email: str
    amount: Money
    refunded: Money
    refundable: Money
    status: PaymentStatus
    provider: str
    account: str
    created_at: datetime
    expires_at: datetime
    lines: list[PaymentLineView]
    refunds: list[RefundView]
    provider_ref: str | None = None
    charge_ref: str | None = None
    decline_code: str | None = None
    url: str | None = None
    captured_at: datetime | None = None
    disputes: Sequence[Dispute] = ()


class PaymentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """All that is given must hold. ``payer`` is part of a name or an address; days are of creation, ``until`` out."""

    status: PaymentStatus | None = None
    provider: str | None = None
    account: str | None = None
    currency: str | None = None
    payer: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class PaymentQueries(Protocol):
    async def payment(self, payment_id: PaymentId) -> PaymentView | None: ...

    async def of_payer(self, payer_id: UserId, *, cursor: str | None = None, limit: int = 20) -> Page[PaymentView]:
        """Newest first. Raises BadCursor."""
        ...

    async def search(self, wanted: PaymentFilter, *, cursor: str | None = None, limit: int = 50) -> Page[PaymentView]:
        """Newest first. Raises BadCursor."""
        ...


class WebhookView(msgspec.Struct, frozen=True, kw_only=True):
    """``payment_id`` is what it is about, where that is ours. ``due_at`` is when it is tried (again)."""

    webhook_id: WebhookId
    provider: str
    account: str
    event_id: str
    type: str
    object_ref: str
    status: WebhookStatus
    attempts: int
    error: str
    occurred_at: datetime
    received_at: datetime
    due_at: datetime
    settled_at: datetime | None = None
    payment_id: PaymentId | None = None


class WebhookDetail(msgspec.Struct, frozen=True, kw_only=True):
    """``raw`` as it came; bytes that are no text are shown as replacement characters."""

    webhook: WebhookView
    raw: str


class WebhookQueries(Protocol):
    async def inbox(
        self, *, status: WebhookStatus | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[WebhookView]:
        """Newest first; ``status`` DEAD gives the dead letters. Raises BadCursor."""
        ...

    async def webhook(self, webhook_id: WebhookId) -> WebhookDetail | None: ...

    async def counts(self) -> Mapping[WebhookStatus, int]: ...


EarningStatus = Literal["expected", "earned"]


class EarningLine(msgspec.Struct, frozen=True, kw_only=True):
    """One lesson. ``amount`` is the Qari's share: what it will be while the lesson is ahead, what it was afterwards.
    ``outcome`` is None while it is expected.
    """

    booking_id: BookingId
    starts_at: datetime
    ends_at: datetime
    learner_name: str
    price: Money
    commission_percent: int
    amount: Money
    status: EarningStatus
    outcome: Outcome | None = None
    earned_at: datetime | None = None


class EarningTotal(msgspec.Struct, frozen=True, kw_only=True):
    """One for each currency and status; unlike currencies are never added. (PAYM-22)"""

    status: EarningStatus
    lessons: int
    amount: Money


class EarningQueries(Protocol):
    async def lines(self, qari_id: UserId, *, cursor: str | None = None, limit: int = 50) -> Page[EarningLine]:
        """Latest lesson first. Raises BadCursor."""
        ...

    async def totals(self, qari_id: UserId) -> Sequence[EarningTotal]: ...


class AccountBalance(msgspec.Struct, frozen=True, kw_only=True):
    """``group``: "provider:…" and the incomes one by one, all Qaris and all learners as one each."""

    group: str
    balance: Money


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that does not agree. ``kind`` is a stable code, ``subject`` the id of what it is about."""

    kind: str
    subject: str
    message: str


class KnownPayment(msgspec.Struct, frozen=True, kw_only=True):
    """What we believe of a payment, for comparing with its provider. ``elsewhere``: it is another academy's, which has
    the same account with the provider.
    """

    payment_id: PaymentId
    provider_ref: str
    amount: Money
    refunded: Money
    is_paid: bool
    captured_at: datetime | None
    elsewhere: bool = False


class LedgerQueries(Protocol):
    async def balances(self) -> Sequence[AccountBalance]: ...

    async def size(self) -> int:
        """How many journals there are."""
        ...

    async def mismatches(self, *, settled_before: datetime) -> Sequence[Mismatch]:
        """Journals against themselves, payments, refunds and lessons. What happened after ``settled_before`` may
        still be on its way from one to the other and is left out.
        """
        ...

    async def known(self, provider: str, account: str, *, refs: Sequence[str] | None = None) -> Sequence[KnownPayment]:
        """Everything of that account that the provider has answered for, or only what he knows under ``refs``."""
        ...
