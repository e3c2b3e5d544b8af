"""Mail that came back. (NOTI-01)"""

import re
from datetime import datetime
from typing import Final

import msgspec

from domain.ids import DeliveryId, UserId
from domain.notification.topic import Topic

STILL_MAILED: Final = frozenset(
    {
        Topic.VERIFY_EMAIL,
        Topic.PASSWORD_RESET,
        Topic.PASSWORD_CHANGED,
        Topic.WAYS_IN_CHANGED,
        Topic.CONFIRM_NEW_EMAIL,
        Topic.EMAIL_CHANGED,
        Topic.ERASURE_SCHEDULED,
    }
)
"""What concerns the safety of an account goes out even to an address whose mail came back: it may live again."""
_HARD: Final = re.compile(r"5\.1\.(0|1|2|3|6|10)|5\.2\.1|5\.4\.4|55[013]")
"""The mailbox, or its domain, is not there. A full box, a refused text or a blocked sender says nothing of the address.
Source: RFC 3463, and the three digits of RFC 5321 where a server gives no more.
"""


class Bounce(msgspec.Struct, frozen=True, kw_only=True):
    """``proof``: that the message went to that reader's address and came back from it. ``code`` in three parts
    (RFC 3463), or three digits; ``why`` in the server's words.
    """

    delivery_id: DeliveryId
    proof: str
    code: str
    why: str


class DeadAddress(msgspec.Struct, frozen=True, kw_only=True):
    """One for each person: it counts as long as ``address`` is still his."""

    user_id: UserId
    address: str
    code: str
    why: str
    at: datetime

    def silences(self, topic: Topic, address: str) -> bool:
        return topic not in STILL_MAILED and address.lower() == self.address.lower()


def is_hard(code: str) -> bool:
    return _HARD.fullmatch(code) is not None
