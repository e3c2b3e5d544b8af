"""A bank asks for money back. The provider is the truth about it; people are told, and answer there. (PAYM-27)"""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.billing.events import DisputeClosed, DisputeEvent, DisputeOpened
from domain.billing.payment import Payment
from domain.billing.snapshot import DisputeSnapshot
from domain.ids import DisputeId, PaymentId, UserId
from domain.money import Money


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """``reason`` and ``status`` are the provider's words. ``due_by``: until when it can be answered. ``is_taken``: the
    bank has the money. ``taking``: what the ledger knows the latest time by at which it took it; None while it never
    has. A bank may give it back and take it again, and each time is booked.
    """

    id: DisputeId
    payment_id: PaymentId
    payer_id: UserId
    provider_ref: str
    amount: Money
    reason: str
    status: str
    is_open: bool
    opened_at: datetime
    due_by: datetime | None = None
    is_taken: bool = False
    taking: UUID | None = None

    @classmethod
    def of(cls, snapshot: DisputeSnapshot, payment: Payment, dispute_id: DisputeId) -> "Dispute":
        return cls(
            id=dispute_id,
            payment_id=payment.id,
            payer_id=payment.payer_id,
            provider_ref=snapshot.provider_ref,
            amount=snapshot.amount,
            reason=snapshot.reason,
            status=snapshot.status,
            is_open=snapshot.is_open,
            opened_at=snapshot.opened_at,
            due_by=snapshot.due_by,
            is_taken=snapshot.is_taken,
            taking=dispute_id if snapshot.is_taken else None,
        )

    def apply(self, snapshot: DisputeSnapshot, *, new_id: UUID) -> "Dispute":
        """What was closed stays closed, however late an older word comes. ``new_id``: for money that is taken again."""
        if not self.is_open and snapshot.is_open:
            return self
        again = snapshot.is_taken and not self.is_taken
        following = msgspec.structs.replace(
            self,
            amount=snapshot.amount,
            status=snapshot.status,
            is_open=snapshot.is_open,
            due_by=snapshot.due_by,
            is_taken=snapshot.is_taken,
            taking=(self.id if self.taking is None else new_id) if again else self.taking,
        )
        return self if following == self else following

    def told(self, before: "Dispute | None", *, at: datetime) -> tuple[DisputeEvent, ...]:
        """What others have to hear of it. ``before``: as it was known, None when it is new."""
        facts = {"dispute_id": self.id, "payment_id": self.payment_id, "payer_id": self.payer_id, "amount": self.amount}
        found: list[DisputeEvent] = []
        if before is None:
            found.append(DisputeOpened(at=at, reason=self.reason, due_by=self.due_by, **facts))  # type: ignore[arg-type]
        if not self.is_open and (before is None or before.is_open):
            found.append(DisputeClosed(at=at, status=self.status, **facts))  # type: ignore[arg-type]
        return tuple(found)
