"""What messages are made of."""

from collections.abc import Mapping
from typing import Final

from domain.events import Event
from domain.notification.events import LessonDue
from domain.notification.topic import MATRIX

NOTIFY: Final = "notification.notify"

SUBSCRIPTIONS: Final[Mapping[str, tuple[type[Event], ...]]] = {
    # Reminders come from the calendar, not from the outbox.
    NOTIFY: tuple(kind for kind in MATRIX if kind is not LessonDue),
}
