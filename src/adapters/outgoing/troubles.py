"""Which providers are left alone just now, as this process sees it. (OPS-09, OPS-12)"""

from collections.abc import Callable
from typing import Final

CLOSED: Final = "closed"


class Troubles:
    """A ``Trouble`` for guards. ``listeners`` hear of every change, after it."""

    def __init__(self, *listeners: Callable[[str, str], None]) -> None:
        self._resting: dict[str, str] = {}
        self._listeners = listeners

    def __call__(self, name: str, state: str) -> None:
        if state == CLOSED:
            self._resting.pop(name, None)
        else:
            self._resting[name] = state
        for listener in self._listeners:
            listener(name, state)

    @property
    def resting(self) -> frozenset[str]:
        return frozenset(self._resting)
