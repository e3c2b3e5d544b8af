"""Whose mail comes back, and who says so. (NOTI-01)"""

from collections.abc import Mapping
from typing import Protocol

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


class BounceReader(Protocol):
    def read(self, raw: bytes) -> Bounce | None:
        """A report as mail servers write it (RFC 3464); None for mail that is no such report, or about none of ours."""
        ...

    def verified(self, raw: bytes, headers: Mapping[str, str]) -> bytes:
        """A report that came over HTTP. ``headers`` in lower case. Raises BadSignature."""
        ...
