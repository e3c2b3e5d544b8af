"""Time and identity come in from outside, so that every rule can be tested at any moment."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    def now(self) -> datetime:
        """The current instant, in UTC."""
        ...


NewId = Callable[[], UUID]
