"""Browsers, their push services and dead addresses, without any of them."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec

from domain.ids import BrowserId, UserId
from domain.notification.bounce import DeadAddress
from domain.notification.push import Browser, PushAddress
from ports.errors import GatewayError
from ports.notification.push import PushMessage


class MemoryBrowsers:
    def __init__(self, stored: dict[BrowserId, Browser] | None = None) -> None:
        self.stored = {} if stored is None else stored

    async def of(self, user_id: UserId) -> Sequence[Browser]:
        return sorted((b for b in self.stored.values() if b.user_id == user_id), key=lambda b: (b.created_at, b.id))

    async def put(self, browser: Browser) -> None:
        for known in list(self.stored.values()):
            if known.fingerprint == browser.fingerprint:
                browser = msgspec.structs.replace(browser, id=known.id)
        self.stored[browser.id] = browser

    async def remove(self, browser_id: BrowserId, *, user_id: UserId | None = None) -> bool:
        found = self.stored.get(browser_id)
        if found is None or (user_id is not None and found.user_id != user_id):
            return False
        del self.stored[browser_id]
        return True

    async def owners_among(self, people: Collection[UserId]) -> frozenset[UserId]:
        return frozenset(b.user_id for b in self.stored.values() if b.user_id in people)


class MemoryDeadAddresses:
    def __init__(self, stored: dict[UserId, DeadAddress] | None = None) -> None:
        self.stored = {} if stored is None else stored

    async def of(self, user_id: UserId) -> DeadAddress | None:
        return self.stored.get(user_id)

    async def put(self, dead: DeadAddress) -> bool:
        known = self.stored.get(dead.user_id)
        if known is not None and known.address.lower() == dead.address.lower():
            return False
        self.stored[dead.user_id] = dead
        return True

    async def remove(self, user_id: UserId) -> bool:
        return self.stored.pop(user_id, None) is not None


class MemoryPush:
    """``failing``: by endpoint, raised each time."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, PushMessage]] = []
        self.failing: dict[str, GatewayError] = {}

    async def push(self, to: PushAddress, message: PushMessage) -> None:
        if to.endpoint in self.failing:
            raise self.failing[to.endpoint]
        self.shown.append((to.endpoint, message))


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    kinds: dict[str, Callable[[dict[Any, Any]], Any]] = {
        "browsers": MemoryBrowsers,
        "dead_addresses": MemoryDeadAddresses,
    }
    return kinds[part](shelf(part))
