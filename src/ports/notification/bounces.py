"""Whose mail comes back, and who says so. (NOTI-01)"""

from typing import Protocol, runtime_checkable

from domain.ids import UserId
from domain.notification.bounce import Bounce, DeadAddress


class DeadAddressRepository(Protocol):
    async def of(self, user_id: UserId) -> DeadAddress | None: ...

    async def put(self, dead: DeadAddress) -> bool:
        """False when this very address was known to be dead."""
        ...

    async def remove(self, user_id: UserId) -> bool:
        """False where there is none."""
        ...


@runtime_checkable
class BounceReader(Protocol):
    def read(self, raw: bytes) -> Bounce | None:
        """A report as mail servers write it; None for what is none, or is about none of our messages."""
        ...
