"""What the office itself keeps: pictures of the school, and who has taken on what."""

from datetime import datetime
from typing import Protocol

import msgspec

from domain.ids import UserId


class BrandImage(msgspec.Struct, frozen=True, kw_only=True):
    """``digest``: SHA-256 of the content, in hexadecimal. Pictures stay, so that an older version can come back."""

    digest: str
    media_type: str
    content: bytes
    created_at: datetime


class BrandImageRepository(Protocol):
    async def find(self, digest: str) -> BrandImage | None: ...

    async def add(self, image: BrandImage) -> None:
        """Adding the same picture again changes nothing."""
        ...


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody has taken an item of a queue on."""

    queue: str
    item: str
    owner_id: UserId
    claimed_at: datetime


class ClaimRepository(Protocol):
    async def find(self, queue: str, item: str) -> Claim | None:
        """Locked until the unit ends."""
        ...

    async def put(self, claim: Claim) -> None:
        """In place of the one there was."""
        ...

    async def remove(self, queue: str, item: str) -> None:
        """Removing what is not there is no error."""
        ...
