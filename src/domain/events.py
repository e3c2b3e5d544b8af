"""What happened, in the past tense. Events leave a context; state does not."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all events. Subclasses set ``tag="context.happened"``; the tag is stored and never renamed."""

    at: datetime


EVENT_TYPES: Final[dict[str, type[Event]]] = {}
E_ = TypeVar("E_", bound=type[Event])


def event(cls: E_) -> E_:
    """Registers an event class under its tag, so that the outbox can bring it back."""
    tag = event_type(cls)
    if EVENT_TYPES.setdefault(tag, cls) is not cls:
        raise TypeError(f"two events are tagged {tag!r}")
    return cls


def event_type(cls: type[Event]) -> str:
    tag = cls.__struct_config__.tag
    if not isinstance(tag, str) or "." not in tag:
        raise TypeError(f'{cls.__name__} needs tag="context.happened"')
    return tag


def decode_event(payload: bytes | str, types: Mapping[str, type[Event]] = EVENT_TYPES) -> Event:
    """Raises KeyError for a type nobody registered, msgspec.ValidationError for a payload that does not fit."""
    kind: Any = msgspec.json.decode(payload, type=dict[str, Any])["type"]
    return msgspec.json.decode(payload, type=types[kind])


def encode_event(occurred: Event) -> bytes:
    return msgspec.json.encode(occurred)
