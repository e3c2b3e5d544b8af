"""One message by WhatsApp: to whom agreed, to the number that he has proven, by an approved template. (NOTI-02)"""

from datetime import datetime
from typing import Final

import structlog

from application.notification.hear_whatsapp import reference_of
from application.notification.whatsapp import stopped
from domain.errors import NotFound, StaleWrite
from domain.events import Event
from domain.ids import DeliveryId, EventId, UserId
from domain.notification.whatsapp import Contact, Way, WhatsAppStarted, WhatsAppStopped
from ports.clock import Clock
from ports.errors import GatewayError, GatewayRefused
from ports.notification.compose import Notice
from ports.notification.whatsapp import ReaderStopped, TemplateWriter, WhatsAppLines
from ports.unit_of_work import NewUnit

NAME: Final = "whatsapp"
log: Final = structlog.get_logger(__name__)


class CarryWhatsApp:
    """A ``ChannelSender``. The provider knows no idempotency key: what may have gone out is not sent again, its
    progress or mail settles it.
    """

    repeatable: bool = False

    def __init__(self, new_unit: NewUnit, clock: Clock, lines: WhatsAppLines, writer: TemplateWriter) -> None:
        self._new_unit, self._clock, self._lines, self._writer = new_unit, clock, lines, writer

    async def send(self, notice: Notice, *, delivery_id: DeliveryId, at: datetime) -> str:
        line = self._lines.at_hand()
        if line is None:
            raise GatewayRefused(NAME, "the school has no number")
        template = self._writer.write(notice)
        if template is None:
            raise GatewayRefused(NAME, "no template tells this")
        contact = await self._contact(notice.to.user_id)
        if contact is None or not contact.is_active:
            raise GatewayRefused(NAME, "nobody has agreed to be written to", code="no_consent")
        try:
            return await line.send(contact.number, template, reference=reference_of(delivery_id))
        except ReaderStopped:
            await self._stop(contact)
            raise

    async def _contact(self, user_id: UserId) -> Contact | None:
        async with self._new_unit() as unit:
            return await unit.contacts.of(user_id)

    async def _stop(self, contact: Contact) -> None:
        async with self._new_unit() as unit:
            try:
                await stopped(unit, contact, Way.PROVIDER, clock=self._clock)
            except StaleWrite:
                return  # he has said something himself in between
            await unit.commit()


class AnswerWhatsApp:
    """Who writes START, STOP or the word that proves his number is told that it was heard: in our own words, which are
    allowed within a day of his. Told at most once unless a worker dies in between; an answer that is lost stays lost.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, lines: WhatsAppLines, writer: TemplateWriter) -> None:
        self._new_unit, self._clock, self._lines, self._writer = new_unit, clock, lines, writer

    async def __call__(self, event_id: EventId, event: Event) -> None:
        del event_id
        line = self._lines.at_hand()
        if line is None or not isinstance(event, WhatsAppStarted | WhatsAppStopped) or not event.answer:
            return
        started = isinstance(event, WhatsAppStarted)
        async with self._new_unit() as unit:
            contact = await unit.contacts.of(event.user_id)
            try:
                user = await unit.users.get(event.user_id)
            except NotFound:
                return
        if contact is None or contact.is_active is not started or not contact.may_be_answered(self._clock.now()):
            return
        try:
            await line.say(contact.number, self._writer.answer(user.locale, started=started))
        except GatewayError as error:
            log.warning("whatsapp_answer_lost", error=type(error).__name__)
