"""What we read of Stripe's objects, in the version that the SDK pins: 2026-10-28.endive."""

from typing import Any

import msgspec


class TriedError(msgspec.Struct, frozen=True, kw_only=True):
    code: str | None = None
    decline_code: str | None = None


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    status: str
    amount: int
    currency: str
    created: int
    client_secret: str | None = None
    metadata: dict[str, str] | None = None
    last_payment_error: TriedError | None = None
    cancellation_reason: str | None = None

    @property
    def of(self) -> dict[str, str]:
        return self.metadata or {}


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """``payment_intent`` is expanded wherever we ask for it, and None until the payer has tried."""

    id: str
    status: str | None
    payment_status: str
    mode: str
    created: int
    expires_at: int
    amount_total: int | None = None
    currency: str | None = None
    url: str | None = None
    client_secret: str | None = None
    client_reference_id: str | None = None
    metadata: dict[str, str] | None = None
    payment_intent: Intent | str | None = None

    @property
    def intent(self) -> Intent | None:
        return self.payment_intent if isinstance(self.payment_intent, Intent) else None

    @property
    def of(self) -> dict[str, str]:
        return self.metadata or {}


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    amount: int
    currency: str
    created: int
    status: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, str] | None = None


class EvidenceDetails(msgspec.Struct, frozen=True, kw_only=True):
    due_by: int | None = None


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """Of the account's balance, in its own currency."""

    amount: int


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    amount: int
    currency: str
    created: int
    reason: str
    status: str
    payment_intent: str | None = None
    evidence_details: EvidenceDetails | None = None
    balance_transactions: list[Movement] = []


class EventData(msgspec.Struct, frozen=True, kw_only=True):
    object: dict[str, Any]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """``account`` is only there in what a platform is told of others' accounts."""

    id: str
    type: str
    created: int
    livemode: bool
    data: EventData
    api_version: str | None = None
    account: str | None = None


class Sessions(msgspec.Struct, frozen=True, kw_only=True):
    data: list[Session]
    has_more: bool


class Intents(msgspec.Struct, frozen=True, kw_only=True):
    data: list[Intent]
    has_more: bool


class Refunds(msgspec.Struct, frozen=True, kw_only=True):
    data: list[Refund]
    has_more: bool


class Events(msgspec.Struct, frozen=True, kw_only=True):
    data: list[Event]
    has_more: bool
