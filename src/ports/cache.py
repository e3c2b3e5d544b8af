"""What is remembered for a while, so that it need not be worked out or asked for again. (OPS-07)

Nothing depends on it: all of it may be gone at any moment, and for as long as it lives it may be out of date. What
must not be, such as who is signed in, has a port of its own (``ports.identity.session_cache``).
"""

from typing import Final, Protocol

BIGGEST: Final = 256 * 1024
"""Bytes. What is bigger is not kept."""
LONGEST_S: Final = 86_400.0
"""Nothing is remembered for longer than a day."""


class Cache(Protocol):
    """Keys are those of the academy at hand: the same word means something else in another one. Nothing here raises:
    what does not work is a miss, within a third of a second.
    """

    async def get(self, key: str) -> bytes | None: ...

    async def put(self, key: str, value: bytes, *, for_s: float) -> None:
        """Kept for ``for_s`` seconds at most; not at all where that is no time, or the value is too big."""
        ...

    async def drop(self, key: str) -> None:
        """Where the others cannot be told, they remember it until its time is over."""
        ...
