"""What a payment provider says about one of our payments, at one moment, in our own words.

Facts reach us late, twice and in any order, so each snapshot is comparable with every other one of the same payment:
see ``Fact.weight``. (PAYM-06)
"""

from datetime import datetime
from typing import Final, Literal

import msgspec

from domain.ids import PaymentId, RefundId
from domain.money import Money

SnapshotStatus = Literal["open", "processing", "requires_action", "succeeded", "failed", "expired", "canceled"]
RefundSnapshotStatus = Literal["pending", "succeeded", "failed", "canceled"]

_RANK: Final[dict[SnapshotStatus, int]] = {
    "open": 0,
    "requires_action": 1,
    "processing": 2,
    "failed": 3,
    "canceled": 4,
    "expired": 5,
    "succeeded": 6,
}


class RefundSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """``reference`` is None for a refund that was not made by us (somebody used the provider's dashboard).

    ``cause`` is the provider's word for why it failed, None otherwise.
    """

    provider_ref: str
    reference: RefundId | None
    amount: Money
    status: RefundSnapshotStatus
    cause: str | None = None


class DisputeSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The payer's bank asks for the money back. ``reason`` and ``status`` are the provider's words; ``is_open``: he
    still waits for somebody. ``is_taken``: the bank has the money now, for as long as it decides or for good.
    ``due_by``: until when the school may answer, None where it need not.
    """

    provider_ref: str
    amount: Money
    reason: str
    status: str
    is_open: bool
    opened_at: datetime
    due_by: datetime | None = None
    is_taken: bool = False


class Fact(msgspec.Struct, frozen=True):
    """As much of a snapshot as it takes to compare it with another one."""

    status: SnapshotStatus
    updated_at: datetime

    @property
    def weight(self) -> tuple[bool, datetime, int]:
        """A total order: of two facts the heavier one holds. Being paid outweighs everything, since money that came
        cannot un-come (it is refunded); then the later one; within one tick the one further along.
        """
        return self.status == "succeeded", self.updated_at, _RANK[self.status]


class PaymentSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The provider's current object behind ``provider_ref``.

    ``status``: "failed" means that the last try failed, whether or not the payer may try again; "canceled" and
    "expired" that nobody can pay it any more; "processing" that the payer is done and the bank is not.
    ``amount`` is the whole checkout; ``refunded`` what has gone back, pending refunds not counted; ``refunds`` all of
    them, in no particular order; ``disputes`` only those that were asked about. ``decline_code`` is that of the last
    try, in the words of domain.billing.decline. ``charge_ref`` names the money movement once there is one (Stripe:
    payment intent, Razorpay: payment). ``updated_at``: when the provider's object last changed, or when it was read
    where the provider does not say.
    """

    provider_ref: str
    reference: PaymentId | None
    status: SnapshotStatus
    amount: Money
    refunded: Money
    updated_at: datetime
    decline_code: str | None = None
    charge_ref: str | None = None
    refunds: tuple[RefundSnapshot, ...] = ()
    disputes: tuple[DisputeSnapshot, ...] = ()

    @property
    def is_paid(self) -> bool:
        return self.status == "succeeded"

    @property
    def fact(self) -> Fact:
        return Fact(self.status, self.updated_at)

    def after(self, attempt: "PaymentSnapshot") -> "PaymentSnapshot":
        """This checkout, with what is known of a try that it does not name itself. Only an open one is still tried,
        and a try that is still open itself says nothing.
        """
        told = attempt.status not in ("open", "canceled", "expired") and attempt.amount == self.amount
        if self.status != "open" or not told:
            return self
        return msgspec.structs.replace(
            self,
            status=attempt.status,
            decline_code=attempt.decline_code,
            charge_ref=attempt.charge_ref,
            updated_at=max(self.updated_at, attempt.updated_at),
        )
