"""What comes back from WhatsApp: how far messages have come, and what people write. (NOTI-02)

The provider repeats itself for a week, in any order. How far a message has come never goes back; what somebody wrote
counts only if it is newer than what he has said since; a second time nothing changes.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import structlog

from application.notification.whatsapp import confirmed, stopped
from domain.errors import NotFound, NotPermitted, StaleWrite
from domain.ids import AcademyId, DeliveryId
from domain.notification.delivery import Channel, Delivery, Status
from domain.notification.whatsapp import Contact, Stage, Way, asks_to_start, asks_to_stop
from domain.notification.whatsapp import Status as ContactStatus
from ports.academy import current_academy, within
from ports.clock import Clock
from ports.notification.whatsapp import Progress, Said, WhatsAppLine, WhatsAppLines
from ports.outbox import Wakeup
from ports.unit_of_work import NewUnit, UnitOfWork

ListAcademies = Callable[[], Awaitable[Sequence[AcademyId]]]
TRIES: Final = 3
log: Final = structlog.get_logger(__name__)


def reference_of(delivery_id: DeliveryId) -> str:
    """What travels with a message and comes back with its progress: whose it is, and which."""
    return f"{current_academy()}:{delivery_id}"


def _referred(reference: str) -> tuple[AcademyId, DeliveryId] | None:
    academy, _, delivery = reference.partition(":")
    try:
        return AcademyId(UUID(academy)), DeliveryId(UUID(delivery))
    except ValueError:
        return None


class GreetWhatsApp:
    """Whether it is the provider that asks if we are here. Raises NotFound, NotPermitted."""

    def __init__(self, lines: WhatsAppLines) -> None:
        self._lines = lines

    def __call__(self, account: str, *, mode: str, token: str) -> None:
        if not self._lines.get(account).greets(mode, token):
            raise NotPermitted("this is not what we have agreed on")


class HearWhatsApp:
    """Answers how many things changed. Raises NotFound for an unknown account, BadSignature."""

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        wakeup: Wakeup,
        lines: WhatsAppLines,
        academies: ListAcademies,
        secret: str,
    ) -> None:
        self._new_unit, self._clock, self._wakeup = new_unit, clock, wakeup
        self._lines, self._academies, self._secret = lines, academies, secret

    async def __call__(self, account: str, raw: bytes, headers: Mapping[str, str]) -> int:
        line = self._lines.get(account)
        heard = line.read(raw, headers)
        if not heard.progress and not heard.said:
            return 0
        own = await self._served_by(line)
        changed = 0
        for progress in heard.progress:
            referred = _referred(progress.reference)
            if referred is not None and referred[0] in own:
                with within(referred[0]):
                    changed += await self._again(self._advance, referred[1], progress)
        for said in heard.said:
            for academy in own:
                with within(academy):
                    changed += await self._again(self._listen, said)
        return changed

    async def _served_by(self, line: WhatsAppLine) -> list[AcademyId]:
        own = []
        for academy in await self._academies():
            with within(academy):
                if self._lines.at_hand() is line:
                    own.append(academy)
        return own

    async def _again(self, work: Callable[..., Awaitable[bool]], *told: object) -> bool:
        """Somebody else may be at the same row; what he left is looked at anew."""
        for _ in range(TRIES - 1):
            try:
                return await work(*told)
            except StaleWrite:
                continue
        return await work(*told)

    async def _advance(self, delivery_id: DeliveryId, progress: Progress) -> bool:
        replaced = False
        async with self._new_unit() as unit:
            try:
                delivery = await unit.deliveries.get(delivery_id)
            except NotFound:
                return False
            if delivery.channel is not Channel.WHATSAPP or not await unit.contacts.advance(delivery_id, progress):
                return False
            if progress.stage is Stage.FAILED:
                replaced = await self._fell_through(unit, delivery, progress)
            elif delivery.status is Status.QUEUED:
                await unit.deliveries.save(delivery.sent(at=progress.at, provider_ref=progress.ref))
            await unit.commit()
        if replaced:
            await self._wakeup.nudge("deliveries")
        return True

    async def _fell_through(self, unit: UnitOfWork, delivery: Delivery, progress: Progress) -> bool:
        """Mail tells it instead, once. (NOTI-02)"""
        log.warning("whatsapp_failed", delivery_id=str(delivery.id), code=progress.code)
        if progress.stopped and delivery.recipient_id is not None:
            contact = await unit.contacts.of(delivery.recipient_id)
            if contact is not None and contact.is_active and _since(contact) <= progress.at:
                await stopped(unit, contact, Way.PROVIDER, clock=self._clock)
        if delivery.status not in (Status.QUEUED, Status.SENT):
            return False
        await unit.deliveries.save(delivery.replaced(why=f"WhatsApp could not deliver it ({progress.code})"))
        return await unit.deliveries.add(delivery.as_mail(at=self._clock.now())) > 0

    async def _listen(self, said: Said) -> bool:
        changed = False
        async with self._new_unit() as unit:
            for contact in await unit.contacts.by_number(said.number):
                changed |= await self._heard(unit, contact, said)
            if changed:
                await unit.commit()
        return changed

    async def _heard(self, unit: UnitOfWork, contact: Contact, said: Said) -> bool:
        told = contact.heard(at=said.at)
        if contact.takes_word(said.text, self._secret, said_at=said.at):
            await confirmed(unit, _as_one(contact, told), Way.MESSAGE, now=said.at, answer=True)
        elif asks_to_stop(said.text) and contact.status is not ContactStatus.STOPPED and _since(contact) <= said.at:
            await stopped(unit, _as_one(contact, told), Way.MESSAGE, clock=self._clock, answer=True)
        elif asks_to_start(said.text) and _may_start(contact) and told is not contact:
            await confirmed(unit, _as_one(contact, told), Way.MESSAGE, now=said.at, answer=True)
        elif told is not contact:
            await unit.contacts.save(told)
        else:
            return False
        return True


def _since(contact: Contact) -> datetime:
    """When he last said yes, in whole seconds as the provider tells time."""
    return (contact.consented_at or contact.asked_at).replace(microsecond=0)


def _may_start(contact: Contact) -> bool:
    """Who had proven the number, and then stopped."""
    return contact.status is ContactStatus.STOPPED and contact.consented_at is not None


def _as_one(contact: Contact, told: Contact) -> Contact:
    """Two changes that are stored as one version."""
    return msgspec.structs.replace(told, version=contact.version)
