"""What messages are made of."""

from collections.abc import Mapping
from typing import Final

from domain.events import Event
from domain.notification.events import LessonDue
from domain.notification.sequence import StepDue
from domain.notification.topic import MATRIX
from domain.notification.whatsapp import WhatsAppStarted, WhatsAppStopped
from domain.scheduling.class_events import OccurrenceDue

ANSWER_WHATSAPP: Final = "notification.answer_whatsapp"
NOTIFY: Final = "notification.notify"

SUBSCRIPTIONS: Final[Mapping[str, tuple[type[Event], ...]]] = {
    # Reminders and the letters of the first weeks come from the calendar, not from the outbox.
    NOTIFY: tuple(kind for kind in MATRIX if kind not in {LessonDue, OccurrenceDue, StepDue}),
    ANSWER_WHATSAPP: (WhatsAppStarted, WhatsAppStopped),
}
