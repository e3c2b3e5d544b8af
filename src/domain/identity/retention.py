"""How long each kind of data is kept, as versioned rules of the school. (OPS-19)"""

from enum import StrEnum
from typing import Final

import msgspec

from domain.booking.policy import PolicyRow
from domain.errors import Invalid

RETENTION_POLICY: Final = "retention"
"""The kind under which these rules are stored."""


class DataClass(StrEnum):
    """One clock each. What the law wants kept (payments, refunds, the ledger, the audit log) is not here."""

    SESSIONS = "sessions"
    LINKS = "links"
    MESSAGES = "messages"
    EVENTS = "events"
    PROVIDER_NOTICES = "provider_notices"
    IDENTITY_NOTICES = "identity_notices"
    JOIN_CLICKS = "join_clicks"
    LESSON_NOTES = "lesson_notes"
    ANSWERS = "answers"
    EXPORTS = "exports"


class RetentionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Days after which they are gone, counted from their end: of a session when it ended, of a link when it was used
    or ran out. ``sessions`` includes the devices and addresses seen; ``messages`` is the record of what was mailed;
    ``lesson_notes`` what learners wrote for a lesson; ``answers`` what repeated writes are answered with.
    """

    sessions: int = 30
    links: int = 30
    messages: int = 365
    events: int = 90
    provider_notices: int = 400
    identity_notices: int = 90
    join_clicks: int = 180
    lesson_notes: int = 730
    answers: int = 2
    exports: int = 7

    def __post_init__(self) -> None:
        for kind in DataClass:
            if not 1 <= self.days(kind) <= 3650:
                raise Invalid("a time to keep data is between 1 and 3650 days", field=kind.value)

    def days(self, kind: DataClass) -> int:
        found: int = getattr(self, kind.value)
        return found


def read_retention(row: PolicyRow | None) -> RetentionPolicy:
    """The built-in times where the school has not set its own."""
    return msgspec.json.decode(row.body, type=RetentionPolicy) if row is not None else RetentionPolicy()
