"""How often somebody may do something. (ID-14, API-02)"""

from typing import Protocol

import msgspec


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """``exact``: no stretch of ``per_s`` seconds holds more than ``times``, at a higher price; otherwise time is cut
    into windows of that length.
    """

    name: str
    times: int
    per_s: int
    exact: bool = False


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """``left``: how many more there may be, until ``reset_s`` seconds from now."""

    allowed: bool
    left: int
    reset_s: int


class Throttle(Protocol):
    """Where the counters cannot be reached, an exact limit is kept by each process for itself and any other one lets
    pass: a school without its counters still teaches.
    """

    async def hit(self, limit: Limit, who: str) -> Standing:
        """Counts one. What is refused does not make the wait longer."""
        ...

    async def look(self, limit: Limit, who: str) -> Standing:
        """Counts nothing."""
        ...

    async def clear(self, limit: Limit, who: str) -> None: ...
