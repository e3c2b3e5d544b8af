"""What differs between two versions of a document. (ADM-06)"""

from collections.abc import Iterator
from typing import Any

import msgspec


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """``path``: field names and positions, joined by dots. None: the field is not there on that side."""

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any) -> tuple[Change, ...]:
    """Between two structs or plain JSON values, in the order of the fields."""
    return tuple(_walk("", plain(before), plain(after)))


def plain(value: Any) -> Any:
    """As JSON has it; sets in a fixed order."""
    return msgspec.json.decode(msgspec.json.encode(value, order="deterministic"))


def _walk(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _walk(_joined(path, name), before.get(name), after.get(name))
    elif _tree(before) and _tree(after) and isinstance(before, list) and isinstance(after, list):
        for place in range(max(len(before), len(after))):
            one = before[place] if place < len(before) else None
            other = after[place] if place < len(after) else None
            yield from _walk(_joined(path, str(place + 1)), one, other)
    else:
        yield Change(path=path, before=before, after=after)


def _tree(value: Any) -> bool:
    """A list of things with fields; a list of plain words is shown whole."""
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
