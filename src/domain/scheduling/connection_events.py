"""What a Qari has to hear about his other calendars."""

from domain.events import Event, event
from domain.ids import ConnectionId, UserId


@event
class CalendarUnread(Event, frozen=True, kw_only=True, tag="scheduling.calendar_unread"):
    """For some time nothing could be read. ``lost``: only its Qari can help. ``strict``: nobody books him then."""

    connection_id: ConnectionId
    qari_id: UserId
    label: str
    lost: bool
    strict: bool
