"""What the calendar brings about by itself."""

from datetime import datetime

from domain.events import Event, event
from domain.ids import BookingId, UserId


@event
class MailReturned(Event, frozen=True, kw_only=True, tag="notification.mail_returned"):
    """A message to somebody's address came back: there is no such mailbox."""

    user_id: UserId


@event
class LessonDue(Event, frozen=True, kw_only=True, tag="notification.lesson_due"):
    """A confirmed lesson starts in about ``lead_min`` minutes: both sides are reminded. (BOOK-07)"""

    booking_id: BookingId
    learner_id: UserId
    payer_id: UserId
    qari_id: UserId
    starts_at: datetime
    ends_at: datetime
    lead_min: int
