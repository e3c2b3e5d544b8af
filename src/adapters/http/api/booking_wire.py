"""Lessons on the wire. Instants carry their offset; money is in minor units."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

import msgspec

from adapters.http.api.booking_views import ProposalOut
from application.booking.cancel_booking import CancellationPreview
from application.booking.hold_series import SeriesPlan
from application.booking.moving import MovePlan
from application.booking.reschedule_booking import Rescheduled
from domain.booking.booking import Booking, Kind, Status
from domain.booking.series import Choice, Scope, WallClock
from domain.money import Money
from domain.time import TimeSlot

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Minutes = Annotated[int, msgspec.Meta(ge=10, le=240)]
Wall = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["17:30"])]
Note = Annotated[str, msgspec.Meta(max_length=500)]
Outcome = Literal["completed", "no_show_student", "no_show_teacher"]


class HoldIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``learner_id``: a child whom the caller answers for; himself where it is left out."""

    qari_id: UUID
    learner_id: UUID | None = None
    starts_at: Instant
    minutes: Minutes
    kind: Kind = Kind.REGULAR
    note: Note = ""


class StaffHoldIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``override_reason``: why the rules of a match are set aside; kept with the lesson and in the audit log."""

    learner_id: UUID
    qari_id: UUID
    starts_at: Instant
    minutes: Minutes
    kind: Kind = Kind.REGULAR
    note: Note = ""
    override_reason: Note = ""


class ChoiceIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to do about ``local_date``: leave it out, or (``shift_to``) have that lesson then."""

    local_date: date
    shift_to: Instant | None = None


class SeriesIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``wall`` is the time of day on the clock of the learner or of the Qari, as ``wall_clock`` says: it stays when
    the clocks change.
    """

    qari_id: UUID
    learner_id: UUID | None = None
    first_date: date
    wall: Wall
    minutes: Minutes
    count: Annotated[int, msgspec.Meta(ge=2, le=104)]
    wall_clock: WallClock = WallClock.LEARNER
    choices: list[ChoiceIn] = []
    note: Note = ""

    def chosen(self) -> dict[date, Choice]:
        return {
            choice.local_date: Choice(choice.shift_to.astimezone(UTC) if choice.shift_to is not None else None)
            for choice in self.choices
        }


class CancelIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """With ``agreed_refund`` (what the preview showed) a changed refund is answered 409 ``terms_changed``."""

    scope: Scope = Scope.ONE
    reason: Note = ""
    agreed_refund: Money | None = None


class RescheduleIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``override_reason``, of staff alone: why the rules of a match are set aside; kept as with a booking."""

    starts_at: Instant
    scope: Scope = Scope.ONE
    override_reason: Note = ""


class OutcomeIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``guardian_present``: of a lesson with a child, whether a guardian sat beside it."""

    outcome: Outcome
    guardian_present: bool | None = None


class DeclineIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    reason: Note = ""


class AnswerIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    accept: bool


class BookingOut(msgspec.Struct, kw_only=True):
    id: UUID
    learner_id: UUID
    qari_id: UUID
    starts_at: datetime
    ends_at: datetime
    status: Status
    kind: Kind
    price: Money
    hold_expires_at: datetime | None
    series_id: UUID | None
    series_index: int | None
    version: int
    guardian_present: bool | None = None

    @classmethod
    def of(cls, booking: Booking) -> Self:
        return cls(
            id=booking.id,
            learner_id=booking.learner_id,
            qari_id=booking.qari_id,
            starts_at=booking.slot.start,
            ends_at=booking.slot.end,
            status=booking.status,
            kind=booking.kind,
            price=booking.price,
            hold_expires_at=booking.hold_expires_at,
            series_id=booking.series_id,
            series_index=booking.series_index,
            version=booking.version,
            guardian_present=booking.guardian_present,
        )


class BookingsOut(msgspec.Struct, kw_only=True):
    items: list[BookingOut]


class SlotOut(msgspec.Struct, kw_only=True):
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, slot: TimeSlot) -> Self:
        return cls(starts_at=slot.start, ends_at=slot.end)


class OccurrenceOut(msgspec.Struct, kw_only=True):
    index: int
    local_date: date
    slot: SlotOut


class ClashOut(msgspec.Struct, kw_only=True):
    """``shift_to``: free starts on the same day. To leave the date out, choose it without ``shift_to``."""

    local_date: date
    starts_at: datetime
    reason: str
    shift_to: list[datetime]


class SeriesPlanOut(msgspec.Struct, kw_only=True):
    zone: str
    lessons: list[OccurrenceOut]
    clashes: list[ClashOut]
    price_each: Money
    price_total: Money

    @classmethod
    def of(cls, plan: SeriesPlan) -> Self:
        return cls(
            zone=plan.series.zone,
            lessons=[
                OccurrenceOut(index=one.index, local_date=one.local_date, slot=SlotOut.of(one.slot))
                for one in plan.occurrences
            ],
            clashes=[
                ClashOut(
                    local_date=report.clash.local_date,
                    starts_at=report.clash.slot.start,
                    reason=report.clash.reason,
                    shift_to=list(report.instead),
                )
                for report in plan.clashes
            ],
            price_each=plan.price_each,
            price_total=plan.price_total,
        )


class LessonTermsOut(msgspec.Struct, kw_only=True):
    booking_id: UUID
    starts_at: datetime
    notice_min: int
    refund_percent: int
    refund: Money
    forfeited: Money


class CancellationOut(msgspec.Struct, kw_only=True):
    lessons: list[LessonTermsOut]
    refund: Money
    forfeited: Money

    @classmethod
    def of(cls, preview: CancellationPreview) -> Self:
        return cls(
            lessons=[
                LessonTermsOut(
                    booking_id=lesson.booking.id,
                    starts_at=lesson.booking.slot.start,
                    notice_min=lesson.terms.notice_min,
                    refund_percent=lesson.terms.refund_percent,
                    refund=lesson.terms.refund,
                    forfeited=lesson.terms.forfeited,
                )
                for lesson in preview.lessons
            ],
            refund=preview.refund,
            forfeited=preview.forfeited,
        )


class MoveOut(msgspec.Struct, kw_only=True):
    booking_id: UUID
    was: SlotOut
    to: SlotOut


class MovePlanOut(msgspec.Struct, kw_only=True):
    """``needs_consent``: the other side has to agree before anything moves."""

    needs_consent: bool
    moves: list[MoveOut]

    @classmethod
    def of(cls, plan: MovePlan) -> Self:
        return cls(
            needs_consent=plan.needs_consent,
            moves=[
                MoveOut(booking_id=move.booking.id, was=SlotOut.of(move.booking.slot), to=SlotOut.of(move.to))
                for move in plan.moves
            ],
        )


class RescheduledOut(msgspec.Struct, kw_only=True):
    """Either ``moved`` lists the lessons at their new times, or ``proposal`` waits for the other side."""

    moved: list[BookingOut]
    proposal: ProposalOut | None

    @classmethod
    def of(cls, done: Rescheduled) -> Self:
        return cls(
            moved=[BookingOut.of(booking) for booking in done.moved],
            proposal=ProposalOut.of(done.proposal) if done.proposal is not None else None,
        )
