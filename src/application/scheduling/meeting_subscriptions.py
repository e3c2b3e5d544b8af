"""What live classes follow from."""

from collections.abc import Mapping
from typing import Final

from application.scheduling.create_meeting import CREATE_MEETING
from domain.booking.events import BookingCancelled, BookingConfirmed, BookingRescheduled
from domain.events import Event
from domain.scheduling.class_events import OccurrenceCancelled, OccurrenceMoved

MEETING_SUBSCRIPTIONS: Final[Mapping[str, tuple[type[Event], ...]]] = {
    CREATE_MEETING: (
        BookingConfirmed,
        BookingCancelled,
        BookingRescheduled,
        OccurrenceCancelled,
        OccurrenceMoved,
    ),
}
