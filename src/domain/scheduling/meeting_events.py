"""What happens to live classes, where somebody has to hear of it."""

from domain.booking.events import BookingEvent
from domain.events import event


@event
class ClassMoved(BookingEvent, frozen=True, kw_only=True, tag="meeting.moved"):
    """``failed`` could not hold the class, and ``provider`` does instead. The way in stays the same. (LIVE-12)"""

    failed: str
    provider: str
