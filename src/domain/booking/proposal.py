"""A change of time that needs the other side's yes. (BOOK-09)"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from domain.booking.booking import Booking
from domain.booking.errors import AnswerTooLate
from domain.booking.events import RescheduleDeclined, RescheduleProposed
from domain.booking.series import Scope
from domain.errors import Conflict, NotPermitted
from domain.identity.actor import Party
from domain.ids import BookingId, ProposalId
from domain.machine import Lifecycle
from domain.time import TimeSlot


class ProposalStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"


TRANSITIONS: Final[Mapping[ProposalStatus, frozenset[ProposalStatus]]] = {
    ProposalStatus.OPEN: frozenset({ProposalStatus.ACCEPTED, ProposalStatus.DECLINED, ProposalStatus.LAPSED}),
    ProposalStatus.ACCEPTED: frozenset(),
    ProposalStatus.DECLINED: frozenset(),
    ProposalStatus.LAPSED: frozenset(),
}
LIFECYCLE: Final = Lifecycle("reschedule proposal", TRANSITIONS, start=frozenset({ProposalStatus.OPEN}))


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """``slot`` is the new time of the lesson; with a wider scope the rest of the series moves alike."""

    id: ProposalId
    booking_id: BookingId
    by: Party
    slot: TimeSlot
    scope: Scope
    created_at: datetime
    answer_by: datetime
    status: ProposalStatus = ProposalStatus.OPEN
    version: int = 1

    def proposed(self, booking: Booking) -> RescheduleProposed:
        return RescheduleProposed(
            at=self.created_at,
            proposal_id=self.id,
            by=self.by,
            proposed_starts_at=self.slot.start,
            answer_by=self.answer_by,
            booking_id=booking.id,
            learner_id=booking.learner_id,
            payer_id=booking.payer_id,
            qari_id=booking.qari_id,
            starts_at=booking.slot.start,
            ends_at=booking.slot.end,
            series_id=booking.series_id,
        )

    def accept(self, *, by: Party, at: datetime) -> "Proposal":
        """What follows is the move itself, which tells of it. Raises NotPermitted, AnswerTooLate."""
        return self._answer(ProposalStatus.ACCEPTED, by, at)

    def decline(self, booking: Booking, *, by: Party, at: datetime) -> tuple["Proposal", RescheduleDeclined]:
        declined = self._answer(ProposalStatus.DECLINED, by, at)
        event = RescheduleDeclined(
            at=at,
            proposal_id=self.id,
            by=by,
            booking_id=booking.id,
            learner_id=booking.learner_id,
            payer_id=booking.payer_id,
            qari_id=booking.qari_id,
            starts_at=booking.slot.start,
            ends_at=booking.slot.end,
            series_id=booking.series_id,
        )
        return declined, event

    def lapse(self, *, at: datetime) -> "Proposal":
        """Nobody answered, or the lesson has gone. Raises Conflict while there is time to answer."""
        following = self._to(ProposalStatus.LAPSED)
        if at < self.answer_by:
            raise Conflict("there is still time to answer", answer_by=self.answer_by.isoformat())
        return following

    def overtake(self) -> "Proposal":
        """The lesson was cancelled or moved otherwise: there is nothing to answer any more."""
        return self._to(ProposalStatus.LAPSED)

    def _answer(self, status: ProposalStatus, by: Party, at: datetime) -> "Proposal":
        following = self._to(status)
        if by is self.by:
            raise NotPermitted("a proposal is answered by the other side")
        if at >= self.answer_by:
            raise AnswerTooLate("the time to answer is over", answer_by=self.answer_by.isoformat())
        return following

    def _to(self, status: ProposalStatus) -> "Proposal":
        step = LIFECYCLE.step(self.status, status)
        return msgspec.structs.replace(self, status=step, version=self.version + 1)
