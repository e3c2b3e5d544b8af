"""What a machine can say about itself."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import msgspec


class DiskSpace(msgspec.Struct, frozen=True):
    """In bytes, of the disk that holds the school's data."""

    total: int
    free: int


Disk = Callable[[], Awaitable[DiskSpace]]


class Trouble(msgspec.Struct, frozen=True):
    """An outside service that keeps failing and is left alone, ``since`` when; ``gateway`` such as "stripe/school"."""

    gateway: str
    since: datetime


ListTroubles = Callable[[datetime], Awaitable[Sequence[Trouble]]]
"""Those that some process has met within the last hour."""
