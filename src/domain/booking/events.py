"""What happens to a lesson, in the school's words."""

from datetime import datetime

from domain.events import Event, event
from domain.identity.actor import Party
from domain.ids import BookingId, PaymentId, ProposalId, SeriesId, UserId
from domain.money import Money


class BookingEvent(Event, frozen=True, kw_only=True):
    booking_id: BookingId
    learner_id: UserId
    payer_id: UserId
    qari_id: UserId
    starts_at: datetime
    ends_at: datetime
    series_id: SeriesId | None = None


@event
class BookingRequested(BookingEvent, frozen=True, kw_only=True, tag="booking.requested"):
    """The Qari is asked; he approves or declines."""


@event
class BookingHeld(BookingEvent, frozen=True, kw_only=True, tag="booking.held"):
    """The slot is kept until ``hold_expires_at``. After an approved request the learner is told to pay."""

    hold_expires_at: datetime
    after_request: bool = False


@event
class BookingConfirmed(BookingEvent, frozen=True, kw_only=True, tag="booking.confirmed"):
    payment_id: PaymentId | None = None


@event
class BookingExpired(BookingEvent, frozen=True, kw_only=True, tag="booking.expired"):
    """Nobody paid in time; the slot is free again."""


@event
class BookingCancelled(BookingEvent, frozen=True, kw_only=True, tag="booking.cancelled"):
    """``refund`` + ``forfeited`` = what was paid. ``was_confirmed`` is False for a hold or request given up."""

    by: Party
    reason: str
    was_confirmed: bool
    refund: Money
    forfeited: Money


@event
class BookingDeclined(BookingEvent, frozen=True, kw_only=True, tag="booking.declined"):
    """The Qari said no to a request."""

    reason: str


@event
class BookingRescheduled(BookingEvent, frozen=True, kw_only=True, tag="booking.rescheduled"):
    """``starts_at``/``ends_at`` are the new times."""

    by: Party
    was_starts_at: datetime
    was_ends_at: datetime
    sequence: int


@event
class RescheduleProposed(BookingEvent, frozen=True, kw_only=True, tag="booking.reschedule_proposed"):
    """Outside the policy both sides must agree; the other side answers by ``answer_by``."""

    proposal_id: ProposalId
    by: Party
    proposed_starts_at: datetime
    answer_by: datetime


@event
class RescheduleDeclined(BookingEvent, frozen=True, kw_only=True, tag="booking.reschedule_declined"):
    proposal_id: ProposalId
    by: Party


@event
class BookingCompleted(BookingEvent, frozen=True, kw_only=True, tag="booking.completed"):
    """The lesson was held."""


@event
class StudentNoShow(BookingEvent, frozen=True, kw_only=True, tag="booking.no_show_student"):
    """The Qari waited; the learner did not come."""


@event
class TeacherNoShow(BookingEvent, frozen=True, kw_only=True, tag="booking.no_show_teacher"):
    """The learner is made whole; the Qari is not paid."""


@event
class BookingRefunded(BookingEvent, frozen=True, kw_only=True, tag="booking.refunded"):
    """All that was paid for it has been given back."""


@event
class PaidTooLate(BookingEvent, frozen=True, kw_only=True, tag="booking.paid_too_late"):
    """Money came for a hold that had expired and whose slot is gone. Billing gives it back in full."""

    payment_id: PaymentId
    amount: Money
