"""One lesson between a learner and a Qari, from the first wish to its outcome. (BOOK-01)"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.booking.errors import HoldOver, HoldStillRuns, LessonStarted
from domain.booking.events import (
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingHeld,
    BookingRefunded,
    BookingRequested,
    BookingRescheduled,
    PaidTooLate,
    StudentNoShow,
    TeacherNoShow,
)
from domain.errors import Conflict, IllegalTransition, Invalid, NotFound
from domain.identity.actor import Actor, OtherHat, Party
from domain.ids import BookingId, PaymentId, SeriesId, UserId
from domain.machine import Lifecycle
from domain.money import Money
from domain.time import TimeSlot


class Status(StrEnum):
    REQUESTED = "requested"
    HELD = "held"
    PENDING_PAYMENT = "pending_payment"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NO_SHOW_STUDENT = "no_show_student"
    NO_SHOW_TEACHER = "no_show_teacher"
    REFUNDED = "refunded"


class Kind(StrEnum):
    REGULAR = "regular"
    TRIAL = "trial"


TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.REQUESTED: frozenset({Status.HELD, Status.CONFIRMED, Status.CANCELLED, Status.EXPIRED}),
    Status.HELD: frozenset({Status.PENDING_PAYMENT, Status.CONFIRMED, Status.CANCELLED, Status.EXPIRED}),
    Status.PENDING_PAYMENT: frozenset({Status.CONFIRMED, Status.CANCELLED, Status.EXPIRED}),
    Status.EXPIRED: frozenset({Status.CONFIRMED, Status.REFUNDED}),
    Status.CONFIRMED: frozenset(
        {Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW_STUDENT, Status.NO_SHOW_TEACHER},
    ),
    Status.COMPLETED: frozenset({Status.REFUNDED}),
    Status.CANCELLED: frozenset({Status.REFUNDED}),
    Status.NO_SHOW_STUDENT: frozenset({Status.REFUNDED}),
    Status.NO_SHOW_TEACHER: frozenset({Status.REFUNDED}),
    Status.REFUNDED: frozenset(),
}
LIFECYCLE: Final = Lifecycle("booking", TRANSITIONS, start=frozenset({Status.REQUESTED, Status.HELD}))

WAITING: Final = frozenset({Status.REQUESTED, Status.HELD, Status.PENDING_PAYMENT})
"""Not a lesson yet: it ends by itself at ``hold_expires_at``."""

OUTCOMES: Final = frozenset({Status.COMPLETED, Status.NO_SHOW_STUDENT, Status.NO_SHOW_TEACHER})

OCCUPYING: Final = frozenset({Status.HELD, Status.PENDING_PAYMENT, Status.CONFIRMED}) | OUTCOMES
"""The Qari and the learner are taken. A request occupies only where the Qari wants it so."""


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """``payer_id`` pays; for a child that is the guardian. ``moves`` counts the reschedulings made for free,
    ``sequence`` every change that a calendar has to hear of. ``price`` zero needs no payment. The buffers are the
    Qari's at the time of booking: they keep other lessons away from this one. ``late_payment_id``: money that came
    when there was nothing left to buy. ``override_reason``: why staff booked it against the rules of a match.
    ``guardian_present``: whether a guardian sat beside the child, once somebody has said how the lesson went.
    """

    id: BookingId
    learner_id: UserId
    payer_id: UserId
    qari_id: UserId
    slot: TimeSlot
    price: Money
    policy_version: int
    created_at: datetime
    status: Status
    kind: Kind = Kind.REGULAR
    hold_expires_at: datetime | None = None
    request_occupies: bool = False
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    series_id: SeriesId | None = None
    series_index: int | None = None
    payment_id: PaymentId | None = None
    late_payment_id: PaymentId | None = None
    moves: int = 0
    sequence: int = 0
    note: str = ""
    reason: str = ""
    override_reason: str = ""
    guardian_present: bool | None = None
    version: int = 1

    def __post_init__(self) -> None:
        if self.price.minor < 0:
            raise Invalid("a lesson's price is not negative", field="price")
        if self.learner_id == self.qari_id:
            raise Invalid("nobody books himself", field="qari_id")
        if (self.series_id is None) != (self.series_index is None):
            raise Invalid("a lesson of a series has its place in it", field="series_index")

    @property
    def occupies(self) -> bool:
        return self.status in OCCUPYING or (self.status is Status.REQUESTED and self.request_occupies)

    @property
    def qari_busy(self) -> TimeSlot:
        """The lesson and the Qari's breathing space around it."""
        return self.slot.padded(self.buffer_before_min, self.buffer_after_min)

    @property
    def is_free(self) -> bool:
        return not self.price

    def party_of(self, actor: Actor, *, guardian: bool = False) -> Party:
        """In what capacity the actor touches this lesson. ``guardian``: he answers for the learner, and has the right
        to do what he is about to do; having paid alone gives no say. Raises NotFound for strangers, who do
        not even learn that there is one; OtherHat for somebody whose lesson it is in another of his roles.
        """
        if actor.is_staff:
            return Party.STAFF
        teacher, learner = actor.user_id == self.qari_id, guardian or actor.user_id == self.learner_id
        if teacher and actor.teaches:
            return Party.QARI
        if learner and actor.learns:
            return Party.LEARNER
        if teacher or learner:
            raise OtherHat("this lesson is yours in another role; act in that role first")
        raise NotFound("there is no such lesson")

    # transitions ---------------------------------------------------------------------------------------------

    def requested(self) -> BookingRequested:
        """Told once, of a new request."""
        return BookingRequested(at=self.created_at, **self._facts())

    def held(self) -> BookingHeld:
        """Told once, of a new hold."""
        if self.hold_expires_at is None:
            raise Invalid("a hold ends at some time", field="hold_expires_at")
        return BookingHeld(at=self.created_at, hold_expires_at=self.hold_expires_at, **self._facts())

    def approve(self, *, hold_until: datetime, at: datetime) -> tuple["Booking", BookingHeld]:
        """The Qari agrees; now it has to be paid by ``hold_until``. A free one is confirmed instead."""
        following = self._to(Status.HELD, from_=Status.REQUESTED, hold_expires_at=hold_until)
        event = BookingHeld(at=at, hold_expires_at=hold_until, after_request=True, **self._facts())
        return following, event

    def decline(self, *, reason: str, at: datetime) -> tuple["Booking", BookingDeclined]:
        following = self._to(Status.CANCELLED, from_=Status.REQUESTED, reason=reason, hold_expires_at=None)
        return following, BookingDeclined(at=at, reason=reason, **self._facts())

    def begin_payment(self, *, payment_id: PaymentId, at: datetime) -> "Booking":
        """A checkout is being opened. Tells nobody: that is between the payer and billing.

        Raises HoldOver once the hold has run out, even if the sweep has not come by yet.
        """
        if self.hold_expires_at is not None and self.hold_expires_at <= at:
            raise HoldOver("the slot was not paid for in time", hold_expires_at=self.hold_expires_at.isoformat())
        return self._to(Status.PENDING_PAYMENT, payment_id=payment_id)

    def confirm(self, *, payment_id: PaymentId | None, at: datetime) -> tuple["Booking", BookingConfirmed]:
        """Paid, or free. From expired it takes the slot again, which the repository must allow (``reoccupy``)."""
        if payment_id is None and not self.is_free:
            raise Invalid("a lesson with a price is confirmed by its payment", field="payment_id")
        following = self._to(Status.CONFIRMED, payment_id=payment_id, hold_expires_at=None)
        return following, BookingConfirmed(at=at, payment_id=payment_id, **self._facts())

    def expire(self, *, at: datetime) -> tuple["Booking", BookingExpired]:
        """Raises HoldStillRuns before ``hold_expires_at``."""
        following = self._to(Status.EXPIRED)
        if self.hold_expires_at is not None and at < self.hold_expires_at:
            raise HoldStillRuns("the hold runs until {until}", until=self.hold_expires_at.isoformat())
        return following, BookingExpired(at=at, **self._facts())

    def paid_too_late(self, *, payment_id: PaymentId, at: datetime) -> tuple["Booking", PaidTooLate]:
        """Money came that can no longer buy this lesson, or came twice. Its status stays. (BOOK-04)"""
        if self.knows_payment(payment_id):
            raise Conflict("this payment has been dealt with")
        following = self._next(late_payment_id=payment_id)
        return following, PaidTooLate(at=at, payment_id=payment_id, amount=self.price, **self._facts())

    def knows_payment(self, payment_id: PaymentId) -> bool:
        """Whether it has confirmed this lesson already, or been found too late."""
        confirmed = self.status in OUTCOMES or self.status is Status.CONFIRMED
        return payment_id == self.late_payment_id or (confirmed and payment_id == self.payment_id)

    def cancel(self, *, by: Party, reason: str, refund: Money, at: datetime) -> tuple["Booking", BookingCancelled]:
        """Frees the slot. ``refund`` is what the policy gives back; the rest is forfeited. (BOOK-10)

        Raises LessonStarted from the start on, IllegalTransition.
        """
        was_confirmed = self.status is Status.CONFIRMED
        paid = self.price if was_confirmed else Money.zero(self.price.currency)
        if not Money.zero(paid.currency) <= refund <= paid:
            raise Invalid("a refund is between nothing and what was paid", field="refund")
        sequence = self.sequence + was_confirmed
        following = self._to(Status.CANCELLED, reason=reason, hold_expires_at=None, sequence=sequence)
        if was_confirmed and self.slot.start <= at:
            raise LessonStarted("a lesson that has started ends as completed or as a no-show")
        event = BookingCancelled(
            at=at,
            by=by,
            reason=reason,
            was_confirmed=was_confirmed,
            refund=refund,
            forfeited=paid - refund,
            **self._facts(),
        )
        return following, event

    def reschedule(
        self, to: TimeSlot, *, by: Party, counts: bool, at: datetime
    ) -> tuple["Booking", BookingRescheduled]:
        """The same lesson at another time; nothing is paid again. ``counts``: it uses up a free move. (BOOK-09)

        Raises LessonStarted, IllegalTransition unless confirmed.
        """
        if self.status is not Status.CONFIRMED:
            raise IllegalTransition(LIFECYCLE.entity, self.status, "rescheduled")
        if self.slot.start <= at:
            raise LessonStarted("a lesson that has started is not moved any more")
        if to.start <= at:
            raise Invalid("a lesson moves into the future", field="starts_at")
        if to.minutes != self.slot.minutes:
            raise Invalid("a moved lesson keeps its length", field="starts_at")
        following = self._next(slot=to, moves=self.moves + counts, sequence=self.sequence + 1)
        event = BookingRescheduled(
            at=at,
            by=by,
            was_starts_at=self.slot.start,
            was_ends_at=self.slot.end,
            sequence=following.sequence,
            **following._facts(),
        )
        return following, event

    def complete(self, *, at: datetime, guardian_present: bool | None = None) -> tuple["Booking", BookingCompleted]:
        following = self._outcome(Status.COMPLETED, at, guardian_present=guardian_present)
        return following, BookingCompleted(at=at, **self._facts())

    def mark_student_no_show(self, *, at: datetime) -> tuple["Booking", StudentNoShow]:
        return self._outcome(Status.NO_SHOW_STUDENT, at), StudentNoShow(at=at, **self._facts())

    def mark_teacher_no_show(self, *, at: datetime) -> tuple["Booking", TeacherNoShow]:
        return self._outcome(Status.NO_SHOW_TEACHER, at), TeacherNoShow(at=at, **self._facts())

    def mark_refunded(self, *, at: datetime) -> tuple["Booking", BookingRefunded]:
        return self._to(Status.REFUNDED), BookingRefunded(at=at, **self._facts())

    # -----------------------------------------------------------------------------------------------------------

    def _facts(self) -> dict[str, Any]:
        return {
            "booking_id": self.id,
            "learner_id": self.learner_id,
            "payer_id": self.payer_id,
            "qari_id": self.qari_id,
            "starts_at": self.slot.start,
            "ends_at": self.slot.end,
            "series_id": self.series_id,
        }

    def _outcome(self, status: Status, at: datetime, **changes: Any) -> "Booking":
        following = self._to(status, **changes)
        if at < self.slot.start:
            raise Conflict("a lesson has no outcome before it starts")
        return following

    def _to(self, status: Status, *, from_: Status | None = None, **changes: Any) -> "Booking":
        LIFECYCLE.step(self.status, status)
        if from_ is not None and self.status is not from_:
            raise IllegalTransition(LIFECYCLE.entity, self.status, status)
        return self._next(status=status, **changes)

    def _next(self, **changes: Any) -> "Booking":
        return msgspec.structs.replace(self, version=self.version + 1, **changes)
