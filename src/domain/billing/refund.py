"""Money on its way back to where it came from. (REF-02)

A refund is first wanted (committed), then submitted under its own id as the key, then told about by the provider.
What the provider says only ever moves forward, so facts may come in any order.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.billing.events import RefundEvent, RefundFailed, RefundRequested, RefundSucceeded
from domain.billing.snapshot import RefundSnapshot, RefundSnapshotStatus
from domain.errors import Invalid
from domain.ids import BookingId, PaymentId, RefundId, UserId
from domain.machine import Lifecycle
from domain.money import Money, total


class RefundStatus(StrEnum):
    REQUESTED = "requested"
    SUBMITTED = "submitted"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PAID_OTHERWISE = "paid_otherwise"
    """It failed, and the school has given the money back by other means: a bank transfer, cash."""


class RefundCause(StrEnum):
    """Why we give money back."""

    STAFF = "staff"
    CANCELLED = "cancelled"
    PAID_TOO_LATE = "paid_too_late"
    TEACHER_NO_SHOW = "teacher_no_show"
    AT_PROVIDER = "at_provider"
    """Made by somebody in the provider's dashboard; we learned of it."""


_R = RefundStatus
TRANSITIONS: Final[Mapping[RefundStatus, frozenset[RefundStatus]]] = {
    # a webhook can tell of its success before our own call has returned
    _R.REQUESTED: frozenset({_R.SUBMITTED, _R.PENDING, _R.SUCCEEDED, _R.FAILED}),
    _R.SUBMITTED: frozenset({_R.PENDING, _R.SUCCEEDED, _R.FAILED}),
    _R.PENDING: frozenset({_R.SUCCEEDED, _R.FAILED}),
    # the payer's bank can send it back days later
    _R.SUCCEEDED: frozenset({_R.FAILED}),
    _R.FAILED: frozenset({_R.PAID_OTHERWISE}),
    _R.PAID_OTHERWISE: frozenset(),
}
LIFECYCLE: Final = Lifecycle("refund", TRANSITIONS, start=frozenset({_R.REQUESTED}))

GIVEN_BACK: Final = frozenset({_R.SUCCEEDED, _R.PAID_OTHERWISE})
UNDER_WAY: Final = frozenset({_R.REQUESTED, _R.SUBMITTED, _R.PENDING})
_FROM_SNAPSHOT: Final[dict[RefundSnapshotStatus, RefundStatus]] = {
    "pending": _R.PENDING,
    "succeeded": _R.SUCCEEDED,
    "failed": _R.FAILED,
    "canceled": _R.FAILED,
}


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """``booking_id`` is None only for one made at the provider, over a payment of several lessons. ``by`` is the
    member of staff, None where a rule did it. ``failure`` is the provider's word for why it did not work.
    """

    id: RefundId
    payment_id: PaymentId
    payer_id: UserId
    booking_id: BookingId | None
    amount: Money
    cause: RefundCause
    reason: str
    by: UserId | None
    created_at: datetime
    status: RefundStatus = RefundStatus.REQUESTED
    provider_ref: str | None = None
    failure: str | None = None
    settled_at: datetime | None = None
    attempts: int = 0
    version: int = 1

    def __post_init__(self) -> None:
        if self.amount.minor <= 0:
            raise Invalid("a refund gives something back", field="amount")

    @property
    def counts(self) -> bool:
        """Whether its money is gone or may be: all but a failed one."""
        return self.status is not _R.FAILED

    @property
    def is_under_way(self) -> bool:
        return self.status in UNDER_WAY

    def requested(self) -> RefundRequested:
        """Told once, of a new refund."""
        return RefundRequested(at=self.created_at, reason=self.reason, **self._facts())

    def submit(self) -> "Refund":
        """It is being taken to the provider, perhaps again: the outcome of the last try may be unknown."""
        if self.status is _R.SUBMITTED:
            return self._next(attempts=self.attempts + 1)
        return self._to(_R.SUBMITTED, attempts=self.attempts + 1)

    def refuse(self, failure: str, *, at: datetime) -> tuple["Refund", RefundFailed]:
        """The provider will not do it."""
        following = self._to(_R.FAILED, failure=failure, settled_at=at)
        return following, RefundFailed(at=at, cause=failure, **self._facts())

    def apply(
        self, snapshot: RefundSnapshot, *, settles_booking: bool, at: datetime
    ) -> tuple["Refund", tuple[RefundEvent, ...]]:
        """Takes over what the provider says, unless more is known already.

        ``settles_booking``: should it succeed, all that was paid for the lesson has gone back.
        """
        status = _FROM_SNAPSHOT[snapshot.status]
        if status not in TRANSITIONS[self.status]:
            return self, ()
        if status is _R.PENDING:
            return self._to(status, provider_ref=snapshot.provider_ref), ()
        if status is _R.SUCCEEDED:
            following = self._to(status, provider_ref=snapshot.provider_ref, settled_at=at)
            return following, (RefundSucceeded(at=at, settles_booking=settles_booking, **self._facts()),)
        cause = snapshot.cause or snapshot.status
        following = self._to(status, provider_ref=snapshot.provider_ref, failure=cause, settled_at=at)
        return following, (RefundFailed(at=at, cause=cause, **self._facts()),)

    def pay_otherwise(self, *, settles_booking: bool, at: datetime) -> tuple["Refund", RefundEvent]:
        """The money has reached the payer without the provider. Raises IllegalTransition unless it had failed."""
        following = self._to(_R.PAID_OTHERWISE, settled_at=at)
        return following, RefundSucceeded(at=at, settles_booking=settles_booking, otherwise=True, **self._facts())

    def _facts(self) -> dict[str, Any]:
        return {
            "refund_id": self.id,
            "payment_id": self.payment_id,
            "payer_id": self.payer_id,
            "booking_id": self.booking_id,
            "amount": self.amount,
        }

    def _to(self, status: RefundStatus, **changes: Any) -> "Refund":
        return self._next(status=LIFECYCLE.step(self.status, status), **changes)

    def _next(self, **changes: Any) -> "Refund":
        return msgspec.structs.replace(self, version=self.version + 1, **changes)


def spoken_for(refunds: Iterable[Refund], currency: str, *, booking_id: BookingId | None = None) -> Money:
    """What has gone back or is about to: for one lesson, or for the whole payment."""
    counting = (r.amount for r in refunds if r.counts and booking_id in (None, r.booking_id))
    return total(counting, currency)


def given_back(refunds: Iterable[Refund], currency: str, *, booking_id: BookingId | None = None) -> Money:
    """What has gone back for certain."""
    done = (r.amount for r in refunds if r.status in GIVEN_BACK and booking_id in (None, r.booking_id))
    return total(done, currency)
