"""Who listens to what, over all contexts."""

from collections.abc import Mapping
from typing import Final

from application.billing.subscriptions import SUBSCRIPTIONS as BILLING
from application.booking.subscriptions import SUBSCRIPTIONS as BOOKING
from application.identity.subscriptions import SUBSCRIPTIONS as IDENTITY
from application.notification.subscriptions import SUBSCRIPTIONS as NOTIFICATION
from application.scheduling.meeting_subscriptions import MEETING_SUBSCRIPTIONS
from domain.events import Event

ALL: Final[Mapping[str, tuple[type[Event], ...]]] = {
    **IDENTITY,
    **BOOKING,
    **BILLING,
    **MEETING_SUBSCRIPTIONS,
    **NOTIFICATION,
}


def _by_event() -> dict[type[Event], tuple[str, ...]]:
    heard: dict[type[Event], tuple[str, ...]] = {}
    for name, kinds in ALL.items():
        for kind in kinds:
            heard[kind] = (*heard.get(kind, ()), name)
    return heard


HEARD: Final = _by_event()


def subscribers_of(kind: type[Event]) -> tuple[str, ...]:
    """The names of those who want to hear of such an event."""
    return HEARD.get(kind, ())
