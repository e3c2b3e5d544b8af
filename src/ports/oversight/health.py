"""What a machine can say about itself."""

from collections.abc import Awaitable, Callable

import msgspec


class DiskSpace(msgspec.Struct, frozen=True):
    """In bytes, of the disk that holds the school's data."""

    total: int
    free: int


Disk = Callable[[], Awaitable[DiskSpace]]
