"""Messages to browsers, and which browsers have asked for them. (NOTI-03)"""

from collections.abc import Collection, Sequence
from typing import Final, Protocol

import msgspec

from domain.ids import BrowserId, UserId
from domain.notification.push import Browser, PushAddress
from ports.notification.compose import Notice

GONE: Final = "gone"
"""The code of a GatewayRefused: nobody will ever be reached there again."""


class PushMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown on a screen that others may see: no names, no amounts. ``tag``: the same one replaces what is
    shown. ``ttl_s``: how long it is of use. ``urgent``: a sleeping device is woken.
    """

    title: str
    body: str
    link: str
    tag: str
    lang: str
    dir: str
    ttl_s: int
    urgent: bool


class PushWriter(Protocol):
    def write(self, notice: Notice) -> PushMessage | None:
        """In the reader's language; None for what is not told this way."""
        ...


class PushGateway(Protocol):
    async def push(self, to: PushAddress, message: PushMessage) -> None:
        """The same ``tag`` twice is shown once. Raises GatewayUnavailable, GatewayRefused (``GONE``)."""
        ...


class BrowserRepository(Protocol):
    async def of(self, user_id: UserId) -> Sequence[Browser]:
        """Oldest first."""
        ...

    async def put(self, browser: Browser) -> None:
        """One that is known by its fingerprint changes hands and keys."""
        ...

    async def remove(self, browser_id: BrowserId, *, user_id: UserId | None = None) -> bool:
        """``user_id``: only where it is his. False where there is none."""
        ...

    async def owners_among(self, people: Collection[UserId]) -> frozenset[UserId]:
        """Those who have a browser."""
        ...
