"""Browsers that show messages: asked for, listed, given up; and the way to them. (NOTI-03)"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog

from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import BrowserId, DeliveryId, UserId
from domain.notification.push import MOST, Browser, PushAddress
from ports.cipher import CannotOpen, Cipher
from ports.clock import Clock, NewId
from ports.errors import GatewayError, GatewayRefused
from ports.notification.compose import Notice
from ports.notification.push import GONE, PushGateway, PushWriter
from ports.unit_of_work import NewUnit

log = structlog.get_logger(__name__)


class AddBrowserCommand(msgspec.Struct, frozen=True, kw_only=True):
    endpoint: str
    p256dh: str
    auth: str
    label: str = ""


class AddBrowser:
    """Raises Invalid."""

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId, cipher: Cipher, hosts: Sequence[str]) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id
        self._cipher, self._hosts = cipher, hosts

    async def __call__(self, actor: Actor, command: AddBrowserCommand) -> Browser:
        actor.require(Permission.SIGNED_IN)
        address = PushAddress.given(command.endpoint, command.p256dh, command.auth, self._hosts)
        browser = Browser(
            id=BrowserId(self._new_id()),
            user_id=actor.user_id,
            fingerprint=address.fingerprint,
            sealed=self._cipher.seal(msgspec.json.encode(address).decode()),
            label=" ".join(command.label.split())[:60],
            created_at=self._clock.now(),
        )
        async with self._new_unit() as unit:
            known = [one for one in await unit.browsers.of(actor.user_id) if one.fingerprint != browser.fingerprint]
            for oldest in known[: max(0, len(known) - MOST + 1)]:
                await unit.browsers.remove(oldest.id)
            await unit.browsers.put(browser)
            await unit.commit()
        return browser


class ListBrowsers:
    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor) -> Sequence[Browser]:
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            return await unit.browsers.of(actor.user_id)


class RemoveBrowser:
    """Raises NotFound."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, browser_id: BrowserId) -> None:
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            if not await unit.browsers.remove(browser_id, user_id=actor.user_id):
                raise NotFound("there is no such browser")
            await unit.commit()


class PushSender:
    """A ChannelSender: to every browser of the reader. One that is reached is enough; one that is gone is forgotten
    at once.
    """

    repeatable = True

    def __init__(self, new_unit: NewUnit, cipher: Cipher, writer: PushWriter, gateway: PushGateway) -> None:
        self._new_unit, self._cipher, self._writer, self._gateway = new_unit, cipher, writer, gateway

    async def send(self, notice: Notice, *, delivery_id: DeliveryId, at: datetime) -> str:
        message = self._writer.write(notice)
        if message is None:
            raise GatewayRefused("push", "this is not told this way", "no_words")
        reached = 0
        failed: GatewayError = GatewayRefused("push", "there is no browser any more", GONE)
        for browser in await self._of(notice.to.user_id):
            try:
                address = msgspec.json.decode(self._cipher.open(browser.sealed), type=PushAddress)
                await self._gateway.push(address, message)
                reached += 1
            except CannotOpen:
                await self._forget(browser)
            except GatewayRefused as error:
                if error.code == GONE:
                    await self._forget(browser)
                else:
                    log.warning("push_refused", browser_id=str(browser.id), code=error.code)
            except GatewayError as error:
                failed = error
        if not reached:
            raise failed
        return ""

    async def _of(self, user_id: UserId) -> Sequence[Browser]:
        async with self._new_unit() as unit:
            return await unit.browsers.of(user_id)

    async def _forget(self, browser: Browser) -> None:
        async with self._new_unit() as unit:
            await unit.browsers.remove(browser.id)
            await unit.commit()
        log.info("push_browser_gone", browser_id=str(browser.id))
