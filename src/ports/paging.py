"""Lists come in pages. The cursor is opaque to clients: the sort key of the last row shown, packed."""

import base64
from typing import Any, Final, Generic, TypeVar

import msgspec

from domain.errors import Invalid

T = TypeVar("T")
MAX_LIMIT: Final = 100


class BadCursor(Invalid):
    code = "bad_cursor"


class Page(msgspec.Struct, Generic[T], frozen=True):
    """``next_cursor`` is None on the last page."""

    items: list[T]
    next_cursor: str | None = None


def encode_cursor(*key: Any) -> str:
    """``key``: the values the list is sorted by, ending with a unique one. Datetimes, UUIDs, strings, numbers."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def decode_cursor(cursor: str | None, shape: type[T]) -> T | None:
    """``shape`` is a tuple type, for example ``tuple[datetime, UUID]``. Raises BadCursor; None stays None."""
    if not cursor:
        return None
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(packed, type=shape)
    except (msgspec.DecodeError, ValueError) as error:  # letters beyond ASCII are a plain ValueError
        raise BadCursor("this cursor was not made by this list", field="cursor") from error


def page_of(rows: list[T], limit: int, *key: str) -> Page[T]:
    """Rows read with ``LIMIT limit + 1``; ``key`` names the attributes that make the cursor, in sort order."""
    if len(rows) <= limit:
        return Page(rows)
    shown = rows[:limit]
    return Page(shown, encode_cursor(*(getattr(shown[-1], name) for name in key)))
