"""Somebody's own number at WhatsApp: told, proven, given up. (NOTI-02)

He agrees to a sentence, and shows that the number is his: by the code that goes there, or by sending us a word from it.
A child has none: its news goes to those who answer for it. (NOTI-14, SAFE-06)
"""

import hashlib
from datetime import datetime
from typing import Final

import msgspec
import structlog

from domain.booking.rules import SAFEGUARDING, read_safeguarding
from domain.errors import Invalid, NotFound, NotPermitted, TooMany
from domain.identity.actor import Actor
from domain.identity.age import is_minor
from domain.identity.permission import Permission
from domain.identity.user import User
from domain.notification.preference import Group
from domain.notification.whatsapp import Contact, Status, Way, WrongCode, e164
from ports.academy import current_academy
from ports.clock import Clock
from ports.errors import GatewayRefused, GatewayUnavailable
from ports.notification.whatsapp import TemplateWriter, WhatsAppLines
from ports.throttle import Limit, Throttle
from ports.unit_of_work import NewUnit, UnitOfWork

BY_PERSON: Final = Limit(name="whatsapp_person", times=5, per_s=24 * 3600)
BY_NUMBER: Final = Limit(name="whatsapp_number", times=3, per_s=3600)
"""Nobody makes the school write to strangers again and again."""
USUAL: Final = frozenset({Group.LESSONS, Group.REMINDERS})
"""What comes there when somebody has not chosen yet."""
log: Final = structlog.get_logger(__name__)


class WhatsAppView(msgspec.Struct, frozen=True, kw_only=True):
    """``offered``: whether the school has a number, ``our_number``. ``word``: what to send it from one's own, while
    that waits for its proof.
    """

    offered: bool
    our_number: str = ""
    contact: Contact | None = None
    word: str = ""


class SeeWhatsApp:
    def __init__(self, new_unit: NewUnit, lines: WhatsAppLines, secret: str) -> None:
        self._new_unit, self._lines, self._secret = new_unit, lines, secret

    async def __call__(self, actor: Actor) -> WhatsAppView:
        actor.require(Permission.SIGNED_IN)
        line = self._lines.at_hand()
        async with self._new_unit() as unit:
            contact = await unit.contacts.of(actor.user_id)
        if line is None:
            return WhatsAppView(offered=False, contact=contact)
        asked = contact is not None and contact.status is Status.ASKED and actor.impersonator is None
        word = contact.word(self._secret) if contact is not None and asked else ""
        return WhatsAppView(offered=True, our_number=line.number, contact=contact, word=word)


class AskWhatsAppCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``wording``: the sentence as he read it; kept with his consent."""

    number: str
    wording: str
    agreed: bool


class AskWhatsApp:
    """Whether the code is on its way; where it is not known to be, the word proves the number as well.

    Raises NotFound where the school has no number, NotPermitted, Invalid, TooMany.
    """

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        throttle: Throttle,
        lines: WhatsAppLines,
        writer: TemplateWriter,
        secret: str,
    ) -> None:
        self._new_unit, self._clock, self._throttle = new_unit, clock, throttle
        self._lines, self._writer, self._secret = lines, writer, secret

    async def __call__(self, actor: Actor, command: AskWhatsAppCommand) -> bool:
        _himself(actor)
        line = self._lines.at_hand()
        if line is None:
            raise NotFound("the school does not write by WhatsApp")
        number = e164(command.number)
        if not command.agreed or not command.wording.strip():
            raise Invalid("without your agreement nothing is sent to you there", field="agreed")
        await self._count(actor, number)
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
            if await _is_child(unit, user, self._clock):
                raise NotPermitted("news of a child goes to its guardians")
            contact = await self._asked(unit, user, number, command.wording)
            await unit.commit()
        try:
            template = self._writer.code(contact.code(self._secret), user.locale)
            await line.send(contact.number, template, reference="")
        except GatewayUnavailable as error:
            log.warning("whatsapp_code_not_sent", error=type(error).__name__)
            return False
        except GatewayRefused as error:
            log.warning("whatsapp_code_refused", code=error.code)
            raise Invalid("WhatsApp does not take messages for this number just now", field="number") from error
        return True

    async def _count(self, actor: Actor, number: str) -> None:
        named = hashlib.sha256(f"{current_academy()}:{number}".encode()).hexdigest()
        for limit, who in ((BY_PERSON, str(actor.user_id)), (BY_NUMBER, named)):
            standing = await self._throttle.hit(limit, who)
            if not standing.allowed:
                raise TooMany("too many codes were asked for; come back later", retry_after_s=standing.reset_s)

    async def _asked(self, unit: UnitOfWork, user: User, number: str, wording: str) -> Contact:
        now = self._clock.now()
        known = await unit.contacts.of(user.id)
        if known is None:
            contact = Contact(user_id=user.id, number=number, status=Status.ASKED, wording=wording, asked_at=now)
        else:
            if known.is_active:
                _, consent, _ = known.stop(Way.REPLACED, at=now)
                await unit.contacts.note(consent)
            contact = known.ask_again(number, wording, at=now)
        await unit.contacts.save(contact)
        return contact


class ConfirmWhatsApp:
    """Raises NotFound, WrongCode."""

    def __init__(self, new_unit: NewUnit, clock: Clock, secret: str) -> None:
        self._new_unit, self._clock, self._secret = new_unit, clock, secret

    async def __call__(self, actor: Actor, code: str) -> Contact:
        _himself(actor)
        now = self._clock.now()
        async with self._new_unit() as unit:
            contact = await unit.contacts.of(actor.user_id)
            if contact is None or contact.status is not Status.ASKED:
                raise NotFound("no number waits for a code")
            if not contact.takes_code(code, self._secret, at=now):
                await unit.contacts.save(contact.failed())
                await unit.commit()
                raise WrongCode("this code is not right, or too old; ask for a new one")
            contact = await confirmed(unit, contact, Way.CODE, now=now)
            await unit.commit()
        return contact


class StopWhatsApp:
    """Stopping what has stopped is no error."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor) -> None:
        _himself(actor)
        async with self._new_unit() as unit:
            contact = await unit.contacts.of(actor.user_id)
            if contact is not None and contact.status is not Status.STOPPED:
                await stopped(unit, contact, Way.PAGE, clock=self._clock)
                await unit.commit()


async def confirmed(unit: UnitOfWork, contact: Contact, way: Way, *, now: datetime, answer: bool = False) -> Contact:
    """For the unit at hand; the caller commits. Who has chosen nothing yet gets what most people want there."""
    contact, consent, event = contact.confirm(way, at=now, answer=answer)
    await unit.contacts.save(contact)
    await unit.contacts.note(consent)
    wishes = await unit.preferences.of(contact.user_id)
    if not wishes.by_whatsapp:
        await unit.preferences.save(msgspec.structs.replace(wishes, by_whatsapp=USUAL))
    unit.record(event)
    return contact


async def stopped(unit: UnitOfWork, contact: Contact, way: Way, *, clock: Clock, answer: bool = False) -> None:
    """For the unit at hand; the caller commits."""
    contact, consent, event = contact.stop(way, at=clock.now(), answer=answer)
    await unit.contacts.save(contact)
    await unit.contacts.note(consent)
    unit.record(event)


def _himself(actor: Actor) -> None:
    """Nobody agrees, or gives up, in somebody else's name."""
    actor.require(Permission.SIGNED_IN)
    if actor.impersonator is not None:
        raise NotPermitted("only the owner of the account says where he is written to")


async def _is_child(unit: UnitOfWork, user: User, clock: Clock) -> bool:
    now = clock.now()
    years = read_safeguarding(await unit.policies.current(SAFEGUARDING, now)).majority_years
    guardians = await unit.guardianships.of_child(user.id)
    return is_minor(user.birth_date, user.zone, now, years) or any(each.is_active for each in guardians)
