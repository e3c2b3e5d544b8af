"""Payments, refunds, the ledger and the inbox of webhooks, inside a unit of work."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.billing.dispute import Dispute
from domain.billing.finding import Finding
from domain.billing.ledger import Journal, JournalKind
from domain.billing.payment import Payment
from domain.billing.refund import Refund
from domain.billing.webhook_event import WebhookEvent
from domain.ids import BookingId, FindingId, PaymentId, RefundId, WebhookId
from domain.money import Money


class PaymentRepository(Protocol):
    async def get(self, payment_id: PaymentId) -> Payment:
        """Raises NotFound."""
        ...

    async def lock(self, payment_id: PaymentId) -> Payment:
        """The newest version, and nobody else's until the unit ends. Raises NotFound."""
        ...

    async def lock_told(
        self, provider: str, account: str, *, refs: Collection[str], ids: Collection[PaymentId]
    ) -> Sequence[Payment]:
        """Those of this account that the provider knows by one of ``refs``, or we by one of ``ids``, locked as above,
        in the order of their ids.
        """
        ...

    async def by_provider_ref(self, provider: str, account: str, provider_ref: str) -> Payment | None: ...

    async def of_booking(self, booking_id: BookingId) -> Sequence[Payment]:
        """Every payment that has a line for the lesson, newest first."""
        ...

    async def add(self, payment: Payment) -> None:
        """Raises Conflict when the id is known; the unit is then only good for leaving."""
        ...

    async def save(self, *payments: Payment) -> None:
        """Stores the next version of each. Raises StaleWrite unless what is stored is older than ``payment.version``: a
        locked payment may move by more than one step in a unit.
        """
        ...

    async def claim_unsettled(self, *, now: datetime, pause: timedelta, limit: int) -> Sequence[Payment]:
        """Those whose truth may have moved without our hearing of it: live payments, and paid ones with a refund
        under way. Not shown again before ``pause`` is over; a new payment is shown after one ``pause``.
        """
        ...


class RefundRepository(Protocol):
    async def get(self, refund_id: RefundId) -> Refund:
        """Raises NotFound."""
        ...

    async def of_payment(self, payment_id: PaymentId) -> Sequence[Refund]:
        """Oldest first."""
        ...

    async def add(self, refund: Refund) -> None:
        """Raises Conflict when the id is known; the unit is then only good for leaving."""
        ...

    async def save(self, refund: Refund) -> None:
        """Stores the next version. Raises StaleWrite unless what is stored is older than ``refund.version``."""
        ...

    async def claim_unsubmitted(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[Refund]:
        """Requested ones, and submitted ones whose outcome never came, oldest first, hidden from other claimers until
        the lease ends.
        """
        ...

    async def postpone(self, refund_id: RefundId, *, due: datetime) -> None:
        """When a claimed one is worth the next try."""
        ...


class DisputeRepository(Protocol):
    """Whoever writes has locked the payment."""

    async def of_payment(self, payment_id: PaymentId) -> Sequence[Dispute]:
        """Oldest first."""
        ...

    async def keep(self, dispute: Dispute) -> None:
        """Added, or what can change of it taken over: one for each payment and ``provider_ref``."""
        ...


class FindingRepository(Protocol):
    async def get(self, finding_id: FindingId) -> Finding:
        """Locked until the unit ends. Raises NotFound."""
        ...

    async def of(self, source: str) -> Sequence[Finding]:
        """Also those that have gone, or were explained."""
        ...

    async def keep(self, finding: Finding) -> None:
        """Added, or what can change of it taken over."""
        ...


class LedgerRepository(Protocol):
    async def post(self, *journals: Journal) -> int:
        """How many were new: where ``(kind, source)`` has been posted before, nothing changes."""
        ...

    async def journal(self, kind: JournalKind, source: UUID) -> Journal | None: ...

    async def deferred_left(self, booking_ids: Sequence[BookingId], currency: str) -> Mapping[BookingId, Money]:
        """What has been paid for each lesson, and neither been earned nor given back."""
        ...


class WebhookInbox(Protocol):
    async def add(self, event: WebhookEvent) -> bool:
        """False when (provider, account, event id) is stored already. Goes to the academy whose payment it is about,
        where that is known.
        """
        ...

    async def hand_over(self, event: WebhookEvent, payment_id: PaymentId | None, *, now: datetime) -> bool:
        """True when another academy with the same account knows the payment, and has the message from now on."""
        ...

    async def get(self, webhook_id: WebhookId) -> WebhookEvent:
        """Locked until the unit ends. Raises NotFound."""
        ...

    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[WebhookEvent]:
        """Due ones, oldest first, as ``WebhookEvent.claim`` leaves them; hidden from other claimers until the lease
        ends. Includes those whose claimer did not come back. Beside these come other due ones about the same objects,
        as many again at most.
        """
        ...

    async def save(self, *events: WebhookEvent) -> None:
        """Raises StaleWrite when somebody else has claimed one of them since."""
        ...
