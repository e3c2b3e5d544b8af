"""The machine's own clock and ids."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def new_id() -> UUID:
    """Version 7: sorts by the time it was made."""
    return uuid7()
