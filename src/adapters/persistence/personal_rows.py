"""How a context says which of its rows are about whom, and what becomes of them when that person is forgotten.

Each context lists its tables in a module ``personal`` of its own; a test finds the column that nobody has listed.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import msgspec


class Fate(StrEnum):
    """At an erasure. ``KEEP`` leaves rows that lead to nobody any more, ``BLANK`` empties the columns in ``blank``."""

    REMOVE = "remove"
    BLANK = "blank"
    KEEP = "keep"


class PersonalRows(msgspec.Struct, frozen=True, kw_only=True):
    """``about``: the columns with the id of the person, any of which makes a row his; he gets a copy of those rows.
    ``matching``: an SQL condition with ``:person`` (and ``:name``, the id as text) where no column holds the id.
    ``mentions``: columns that name somebody who acted; such rows are no part of his copy and stay as they are.
    ``blank``: column -> SQL expression; ``blank_by``: only where this column is the person (all of ``about`` if empty).
    ``file_key``: from a row to the key of the file that it stands for; the files go with the rows.
    ``secret``: columns that are in nobody's copy; binary ones never are. ``why`` something is kept.
    """

    table: Any
    about: tuple[str, ...] = ()
    matching: str = ""
    mentions: tuple[str, ...] = ()
    fate: Fate = Fate.REMOVE
    blank: Mapping[str, str] = {}
    blank_by: tuple[str, ...] = ()
    secret: frozenset[str] = frozenset()
    copied: bool = True
    file_key: Callable[[Any], str] | None = None
    why: str = ""
