"""Mail, as the school sends it and as an admin reads it back."""

from datetime import datetime
from typing import Protocol

import msgspec

from ports.paging import Page


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """``content_type`` with its parameters, for example ``text/calendar; method=REQUEST``."""

    name: str
    content_type: str
    body: bytes


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """``message_id`` without angle brackets. It is the same for every attempt at the same message.
    ``unsubscribe``: an address that takes a POST and ends messages of this kind (RFC 8058); empty where there is none.
    """

    message_id: str
    to_address: str
    to_name: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()
    unsubscribe: str = ""


class MailSender(Protocol):
    async def send(self, mail: Mail, *, at: datetime) -> None:
        """Sending the same ``message_id`` again delivers nothing more, where the receiver can tell.

        Raises GatewayUnavailable, GatewayRefused (an address that does not exist).
        """
        ...


class MailSummary(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    to_address: str
    subject: str
    at: datetime


class StoredMail(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    message_id: str
    to_address: str
    subject: str
    at: datetime
    text: str
    html: str
    attachments: tuple[Attachment, ...]


class MailboxReader(Protocol):
    """The local mailbox, which stands in for the outside world until a mail server is configured."""

    async def newest(self, *, to_address: str = "", cursor: str | None = None, limit: int = 50) -> Page[MailSummary]:
        """Newest first. Raises BadCursor."""
        ...

    async def read(self, id: str) -> StoredMail:
        """Raises NotFound."""
        ...
