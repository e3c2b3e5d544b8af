"""What a live class is held for: a lesson of one learner, or one occurrence of a group class. (LIVE-03, LIVE-13)"""

from datetime import datetime

import msgspec

from domain.booking.booking import Booking
from domain.booking.booking import Status as BookingStatus
from domain.events import Event
from domain.ids import BookingId, UserId
from domain.scheduling.class_events import OccurrenceElsewhere
from domain.scheduling.group_class import GroupClass, Occurrence
from domain.scheduling.meeting_events import ClassMoved
from domain.time import TimeSlot
from ports.unit_of_work import UnitOfWork


class HeldLesson(msgspec.Struct, frozen=True, kw_only=True):
    """``stands``: it is to be held. ``learner_ids`` and ``title`` are there for a group class alone."""

    id: BookingId
    qari_id: UserId
    slot: TimeSlot
    stands: bool
    booking: Booking | None = None
    of_class: GroupClass | None = None
    learner_ids: tuple[UserId, ...] = ()

    def held_elsewhere(self, *, failed: str, provider: str, at: datetime) -> Event:
        if self.booking is not None:
            return ClassMoved(
                booking_id=self.id,
                learner_id=self.booking.learner_id,
                payer_id=self.booking.payer_id,
                qari_id=self.qari_id,
                starts_at=self.slot.start,
                ends_at=self.slot.end,
                failed=failed,
                provider=provider,
                at=at,
            )
        if self.of_class is None:
            raise ValueError("a lesson is of a booking or of a class")
        return OccurrenceElsewhere(
            class_id=self.of_class.id,
            lesson_id=self.id,
            qari_id=self.qari_id,
            learner_ids=self.learner_ids,
            title=self.of_class.title,
            starts_at=self.slot.start,
            ends_at=self.slot.end,
            failed=failed,
            provider=provider,
            at=at,
        )


async def held_lesson(unit: UnitOfWork, lesson_id: BookingId) -> HeldLesson:
    """Raises NotFound."""
    occurrence = None if (booking := await unit.bookings.find(lesson_id)) else await unit.classes.occurrence(lesson_id)
    if occurrence is not None:
        return await of_occurrence(unit, occurrence)
    booking = booking or await unit.bookings.get(lesson_id)
    return HeldLesson(
        id=booking.id,
        qari_id=booking.qari_id,
        slot=booking.slot,
        stands=booking.status is BookingStatus.CONFIRMED,
        booking=booking,
    )


async def of_occurrence(unit: UnitOfWork, occurrence: Occurrence) -> HeldLesson:
    members = await unit.classes.members(occurrence.class_id)
    return HeldLesson(
        id=occurrence.lesson_id,
        qari_id=occurrence.qari_id,
        slot=occurrence.slot,
        stands=occurrence.stands,
        of_class=await unit.classes.get(occurrence.class_id),
        learner_ids=tuple(member.learner_id for member in members),
    )
