"""Who holds classes at a provider whose users hold one at a time, and when they are taken. (LIVE-10)"""

import re
from datetime import datetime
from typing import Final

import msgspec

from domain.errors import Invalid
from domain.ids import MeetingHostId
from domain.scheduling.meeting_server import Service
from domain.time import TimeSlot

BEFORE_MIN: Final = 15
"""The Qari opens the class as soon as its door opens."""
AFTER_MIN: Final = 15
"""A lesson runs over, and its host cannot begin another class until it ends."""
_ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+@-]{1,128}")
_ACCOUNT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


class MeetingHost(msgspec.Struct, frozen=True, kw_only=True):
    """``account``: our name for the configured account. ``address``: the user there, by id or e-mail. One who is not
    ``active`` keeps the lessons he has and gets no more.
    """

    id: MeetingHostId
    provider: Service
    account: str
    address: str
    active: bool
    created_at: datetime

    def __post_init__(self) -> None:
        if _ACCOUNT.fullmatch(self.account) is None:
            raise Invalid("an account is named by small letters, digits, - and _", field="account")
        if _ADDRESS.fullmatch(self.address) is None:
            raise Invalid("a host is an e-mail address or an id at the provider", field="address")

    @property
    def seat(self) -> str:
        """The same for every academy that shares an account: nobody holds two classes at once."""
        return f"{self.provider}:{self.account}:{self.address.lower()}"


def occupied(slot: TimeSlot) -> TimeSlot:
    return slot.padded(BEFORE_MIN, AFTER_MIN)
