"""Where the live classes are held, as versioned rules of the school. (ADM-06)"""

from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from domain.booking.policy import PolicyRow
from domain.errors import Invalid

MEETINGS: Final = "meetings"
"""The kind under which these rules are stored."""


class Service(StrEnum):
    """Who can hold a class. Jitsi is always there: it stands in for the others. (LIVE-12)"""

    JITSI = "jitsi"
    GOOGLE_MEET = "google_meet"
    ZOOM = "zoom"


class MeetingServer(msgspec.Struct, frozen=True, kw_only=True):
    """``server_url``: the school's own Jitsi server, the installation's when empty. ``tokens``: it lets in whoever
    shows a token that is signed with the installation's secret; else the unguessable room is all that keeps strangers
    out. Secrets are no settings: they stay with whoever runs the machines. ``provider``: who holds the classes of Qaris
    for whom nothing else is said; where it is not set up, or fails, Jitsi does. (LIVE-01)
    """

    provider: Service = Service.JITSI
    server_url: Annotated[str, Meta(max_length=200)] = ""
    tokens: bool = True

    def __post_init__(self) -> None:
        if not self.server_url:
            return
        parts = urlsplit(self.server_url) if self.server_url.isprintable() else None
        if parts is None or parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
            raise Invalid("a meeting server is an address that starts with https://", field="server_url")
        if parts.username is not None or parts.password is not None:
            raise Invalid("an address of a server holds no user and no password", field="server_url")


def read_meeting_server(row: PolicyRow | None) -> MeetingServer:
    return MeetingServer() if row is None else msgspec.json.decode(row.body, type=MeetingServer)
