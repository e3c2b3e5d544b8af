"""Pictures of the school and claims, in memory."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ports.oversight.backups import BackupsFailed
from ports.oversight.health import Trouble
from ports.oversight.repositories import BrandImage, Claim


class MemoryBrandImages:
    def __init__(self, shelf: dict[str, BrandImage]) -> None:
        self._shelf = shelf

    async def find(self, digest: str) -> BrandImage | None:
        return self._shelf.get(digest)

    async def add(self, image: BrandImage) -> None:
        self._shelf.setdefault(image.digest, image)


class MemoryClaims:
    def __init__(self, shelf: dict[tuple[str, str], Claim]) -> None:
        self._shelf = shelf

    async def find(self, queue: str, item: str) -> Claim | None:
        return self._shelf.get((queue, item))

    async def put(self, claim: Claim) -> None:
        self._shelf[claim.queue, claim.item] = claim

    async def remove(self, queue: str, item: str) -> None:
        self._shelf.pop((queue, item), None)


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    fakes: dict[str, Callable[[dict[Any, Any]], Any]] = {"brand_images": MemoryBrandImages, "claims": MemoryClaims}
    return fakes[part](shelf(part))


class MemoryBackups:
    """Keeps nothing but the moment; ``broken`` says why none can be made."""

    def __init__(self, newest: datetime | None = None, *, wanted: bool = True) -> None:
        self.wanted, self.broken, self._newest = wanted, "", newest

    async def newest(self) -> datetime | None:
        return self._newest

    async def make(self, at: datetime) -> int:
        if self.broken:
            raise BackupsFailed(self.broken)
        self._newest = at
        return 0


class MemoryTroubles:
    def __init__(self, *standing: Trouble) -> None:
        self._standing = standing

    async def __call__(self, now: datetime) -> tuple[Trouble, ...]:
        return self._standing
