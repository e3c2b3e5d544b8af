"""The school's rules about lessons, as versioned data. A booking keeps the version it was made under. (BOOK-10)"""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from domain.booking.booking import OUTCOMES, Booking, Status
from domain.booking.errors import LessonStarted, OutcomeWindow, OutsideJoinWindow
from domain.errors import IllegalTransition, Invalid, NotPermitted
from domain.identity.actor import Actor, Party
from domain.ids import UserId
from domain.money import Money
from domain.time import TimeSlot

BOOKING_POLICY: Final = "booking"
"""The kind under which these rules are stored."""


class PolicyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one kind of rules; ``body`` is JSON. Rows are added, never changed. ``reason``: why it came."""

    kind: str
    version: int
    body: str
    effective_from: datetime
    created_by: UserId | None
    reason: str = ""


class CancellationTier(msgspec.Struct, frozen=True):
    """With at least this much notice, this share of the price comes back."""

    notice_min: Annotated[int, Meta(ge=0, le=525_600)]
    refund_percent: Annotated[int, Meta(ge=0, le=100)]


class BookingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """``cancellation`` runs from long notice to none. Fields end in their unit."""

    hold_min: Annotated[int, Meta(ge=1, le=1440)] = 15
    request_h: Annotated[int, Meta(ge=1, le=720)] = 24
    approved_hold_h: Annotated[int, Meta(ge=1, le=720)] = 12
    cancellation: tuple[CancellationTier, ...] = (
        CancellationTier(24 * 60, 100),
        CancellationTier(4 * 60, 50),
        CancellationTier(0, 0),
    )
    reschedule_notice_min: Annotated[int, Meta(ge=0, le=43200)] = 12 * 60
    reschedule_moves: Annotated[int, Meta(ge=0, le=100)] = 2
    proposal_h: Annotated[int, Meta(ge=1, le=720)] = 24
    outcome_after_min: Annotated[int, Meta(ge=0, le=1440)] = 10
    qari_outcome_days: Annotated[int, Meta(ge=1, le=90)] = 7
    learner_report_h: Annotated[int, Meta(ge=1, le=2160)] = 48
    join_before_min: Annotated[int, Meta(ge=0, le=240)] = 15
    join_after_min: Annotated[int, Meta(ge=0, le=240)] = 15
    series_max: Annotated[int, Meta(ge=1, le=520)] = 52

    def __post_init__(self) -> None:
        notices = [tier.notice_min for tier in self.cancellation]
        if not notices or notices[-1] != 0 or any(a <= b for a, b in pairwise(notices)):
            raise Invalid("cancellation tiers go down to a notice of zero", field="cancellation")
        if any(not 0 <= tier.refund_percent <= 100 for tier in self.cancellation):
            raise Invalid("a tier gives back 0 to 100 percent", field="cancellation")

    def hold_until(self, now: datetime, slot: TimeSlot) -> datetime:
        """A hold never outlives the start of its lesson."""
        return min(now + timedelta(minutes=self.hold_min), slot.start)

    def hold_until_after_request(self, now: datetime, slot: TimeSlot) -> datetime:
        """Longer than a hold: the learner has to hear of the approval first."""
        return min(now + timedelta(hours=self.approved_hold_h), slot.start)

    def request_until(self, now: datetime, slot: TimeSlot) -> datetime:
        return min(now + timedelta(hours=self.request_h), slot.start)

    def answer_by(self, now: datetime, *starts: datetime) -> datetime:
        """When a proposal lapses: before either time, the old and the new."""
        return min(now + timedelta(hours=self.proposal_h), *starts)


class Versioned(msgspec.Struct, frozen=True):
    version: int
    policy: BookingPolicy


def read_policy(row: PolicyRow | None) -> Versioned:
    """Version 0 is what holds where the school has set nothing."""
    if row is None:
        return Versioned(0, BookingPolicy())
    return Versioned(row.version, msgspec.json.decode(row.body, type=BookingPolicy))


class Cancellation(msgspec.Struct, frozen=True, kw_only=True):
    """What a cancellation now would do. The effect is made from this very object, so that they cannot differ."""

    by: Party
    notice_min: int
    paid: Money
    refund_percent: int
    refund: Money
    forfeited: Money


def cancellation(booking: Booking, policy: BookingPolicy, by: Party, now: datetime) -> Cancellation:
    """Only a learner's cancellation is weighed by its notice; from the Qari or staff all comes back.

    Raises LessonStarted, IllegalTransition.
    """
    if booking.status is Status.CONFIRMED and booking.slot.start <= now:
        raise LessonStarted("a lesson that has started ends as completed or as a no-show")
    if booking.status in OUTCOMES or booking.status in (Status.CANCELLED, Status.EXPIRED, Status.REFUNDED):
        raise IllegalTransition("booking", booking.status, Status.CANCELLED)
    paid = booking.price if booking.status is Status.CONFIRMED else Money.zero(booking.price.currency)
    notice = booking.slot.start - now
    percent = 100
    if by is Party.LEARNER:
        reached = (t for t in policy.cancellation if notice >= timedelta(minutes=t.notice_min))
        percent = next((tier.refund_percent for tier in reached), 0)
    refund = paid.percent(percent)
    return Cancellation(
        by=by,
        notice_min=max(0, int(notice.total_seconds() // 60)),
        paid=paid,
        refund_percent=percent,
        refund=refund,
        forfeited=paid - refund,
    )


def moves_freely(booking: Booking, policy: BookingPolicy, by: Party, now: datetime) -> bool:
    """Within the policy a learner moves his lesson alone; staff always may. A Qari asks, whenever it is. (BOOK-09)"""
    if by is Party.STAFF:
        return True
    notice = booking.slot.start - now
    enough = notice >= timedelta(minutes=policy.reschedule_notice_min)
    return by is Party.LEARNER and enough and booking.moves < policy.reschedule_moves


def outcome_window(booking: Booking, policy: BookingPolicy, by: Party) -> TimeSlot | None:
    """When this side may tell how the lesson ended; None: at any time after the start. (BOOK-11)"""
    opens = booking.slot.start + timedelta(minutes=policy.outcome_after_min)
    if by is Party.QARI:
        return TimeSlot(opens, booking.slot.end + timedelta(days=policy.qari_outcome_days))
    if by is Party.LEARNER:
        return TimeSlot(opens, booking.slot.end + timedelta(hours=policy.learner_report_h))
    return None


def require_outcome(booking: Booking, policy: BookingPolicy, by: Party, outcome: Status, now: datetime) -> None:
    """A Qari tells of a held lesson or an absent learner, a learner of an absent Qari, staff of anything.

    Raises NotPermitted, OutcomeWindow.
    """
    told_by = {
        Party.QARI: {Status.COMPLETED, Status.NO_SHOW_STUDENT},
        Party.LEARNER: {Status.NO_SHOW_TEACHER},
        Party.STAFF: OUTCOMES,
    }
    if outcome not in told_by.get(by, set()):
        raise NotPermitted(
            "that a lesson ended as {outcome} is not for the {by} to say", outcome=str(outcome), by=str(by)
        )
    window = outcome_window(booking, policy, by)
    if window is not None and not window.contains(now):
        raise OutcomeWindow(
            "the outcome is told from a while after the start, and not for ever",
            opens_at=window.start.isoformat(),
            closes_at=window.end.isoformat(),
        )
    if now < booking.slot.start:
        raise OutcomeWindow("a lesson has no outcome before it starts", opens_at=booking.slot.start.isoformat())


def join_window(booking: Booking, policy: BookingPolicy) -> TimeSlot:
    return booking.slot.padded(policy.join_before_min, policy.join_after_min)


def may_join(booking: Booking, actor: Actor, now: datetime, policy: BookingPolicy, *, guardian: bool = False) -> Party:
    """In what capacity the actor enters the class now, as in ``Booking.party_of``. (LIVE-08)

    Raises NotPermitted for strangers, IllegalTransition for a lesson that does not stand, OutsideJoinWindow.
    """
    party = booking.party_of(actor, guardian=guardian)
    if booking.status is not Status.CONFIRMED and booking.status not in OUTCOMES:
        raise IllegalTransition("booking", booking.status, "joined")
    window = join_window(booking, policy)
    if not window.contains(now):
        raise OutsideJoinWindow(
            "the door is open from shortly before the lesson until shortly after it",
            opens_at=window.start.isoformat(),
            closes_at=window.end.isoformat(),
        )
    return party
