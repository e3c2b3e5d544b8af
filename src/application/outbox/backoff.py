"""When to try again. Doubling, with jitter, so that a provider that comes back is not met by everybody at once."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

FIRST: Final = timedelta(seconds=2)
LONGEST: Final = timedelta(hours=1)
MAX_ATTEMPTS: Final = 14
"""About five hours of trying."""

Jitter = Callable[[], float]
"""Uniform in 0..1."""


def system_jitter() -> float:
    return random.random()  # noqa: S311  (spreads load, guards nothing)


def wait_after(attempts: int, jitter: Jitter) -> timedelta:
    """Between half and the whole of 2, 4, 8 … seconds, an hour at most. ``attempts`` counts from 1."""
    whole = min(FIRST * (1 << min(attempts - 1, 20)), LONGEST)
    return whole * (0.5 + jitter() / 2)


def told(error: Exception) -> str:
    """One line for the admin page."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
