"""Telling a service of errors that is watched by people who can mend them. (OPS-09)"""

from collections.abc import Callable, Sequence

import msgspec


class Frame(msgspec.Struct, frozen=True):
    """A place in the code, without what its variables held."""

    file: str
    function: str
    line: int


class Mishap(msgspec.Struct, frozen=True, kw_only=True):
    """An error as the log tells it. ``kind``: the exception's name, empty where there was none; ``frames``: outermost
    first. All texts are free of what belongs to people.
    """

    said: str
    logger: str
    process: str
    kind: str = ""
    message: str = ""
    frames: Sequence[Frame] = ()
    request_id: str = ""


ErrorReporter = Callable[[Mishap], None]
"""Returns at once and never raises: what cannot be told is left."""
