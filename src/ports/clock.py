"""Time and identity come in from outside, so that every rule can be tested at any moment."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID


@runtime_checkable
class Clock(Protocol):
    """Checkable, because Litestar checks what it injects into handlers."""

    def now(self) -> datetime:
        """The current instant, in UTC."""
        ...


NewId = Callable[[], UUID]
