"""Ids that are the same in every run and sort in the order in which they were made."""

from uuid import UUID


class SequentialIds:
    """Shaped like version 7, so that nothing can tell the difference."""

    def __init__(self, start: int = 1) -> None:
        self._next = start

    def __call__(self) -> UUID:
        number, self._next = self._next, self._next + 1
        return UUID(int=(0x01980000_0000_7000_8000_000000000000) + number)
