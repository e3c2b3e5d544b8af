"""What happens to group classes, where somebody has to hear of it or a live class follows. (LIVE-13)"""

from datetime import datetime

from domain.events import Event, event
from domain.ids import BookingId, GroupClassId, UserId


class ClassEvent(Event, frozen=True, kw_only=True):
    """``learner_ids``: the members then. ``starts_at``: of the occurrence, or of the next one."""

    class_id: GroupClassId
    qari_id: UserId
    learner_ids: tuple[UserId, ...]
    title: str
    starts_at: datetime


class OccurrenceEvent(ClassEvent, frozen=True, kw_only=True):
    """``lesson_id`` is what its live class is kept under."""

    lesson_id: BookingId
    ends_at: datetime


@event
class ClassJoined(ClassEvent, frozen=True, kw_only=True, tag="class.joined"):
    """These learners are members from now on."""


@event
class ClassLeft(ClassEvent, frozen=True, kw_only=True, tag="class.left"):
    """These learners are members no more."""


@event
class ClassCancelled(ClassEvent, frozen=True, kw_only=True, tag="class.cancelled"):
    """All that has not been held yet."""

    reason: str


@event
class OccurrenceMoved(OccurrenceEvent, frozen=True, kw_only=True, tag="class.occurrence_moved"):
    was_starts_at: datetime


@event
class OccurrenceCancelled(OccurrenceEvent, frozen=True, kw_only=True, tag="class.occurrence_cancelled"):
    """``alone``: not together with the whole class, of which the members hear by itself."""

    reason: str
    alone: bool = True


@event
class OccurrenceElsewhere(OccurrenceEvent, frozen=True, kw_only=True, tag="class.occurrence_elsewhere"):
    """``failed`` could not hold the live class, and ``provider`` does instead. (LIVE-12)"""

    failed: str
    provider: str


@event
class OccurrenceDue(OccurrenceEvent, frozen=True, kw_only=True, tag="class.occurrence_due"):
    """It begins in ``lead_min`` minutes."""

    lead_min: int
