"""The local mailbox: a Maildir folder that stands in for the mail server, and that an admin reads in the browser.

A message is written to ``tmp`` and linked into ``new`` under a name made of its Message-ID. A link that exists is
never replaced, so any number of processes may deliver the same message, and it is there once.
Source: D. J. Bernstein, "Using maildir format".
"""

import asyncio
import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final, cast
from uuid import uuid4

from domain.errors import NotFound
from ports.academy import FIRST_ACADEMY, current_academy
from ports.errors import GatewayUnavailable
from ports.notification.mail import Attachment, Mail, MailSummary, StoredMail
from ports.paging import Page, decode_cursor, encode_cursor

FOLDERS: Final = ("tmp", "new", "cur")


def to_message(mail: Mail, *, sender: Address, at: datetime) -> EmailMessage:
    """As any mail server takes it: text, HTML beside it, then the attachments."""
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = f"<{mail.message_id}>"
    message["Date"] = format_datetime(at.astimezone(UTC))
    message["From"] = sender
    message["To"] = Address(mail.to_name, addr_spec=mail.to_address)
    message["Subject"] = " ".join(mail.subject.split())
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for attachment in mail.attachments:
        kind, *parameters = attachment.content_type.split(";")
        maintype, _, subtype = kind.strip().partition("/")
        message.add_attachment(attachment.body, maintype=maintype, subtype=subtype, filename=attachment.name)
        part = list(message.iter_attachments())[-1]
        for name, _, value in (parameter.strip().partition("=") for parameter in parameters):
            part.set_param(name, value)
    return message


def folder_of_academy(mailbox: Path) -> Path:
    """Each academy reads its own mail. (ADM-10)"""
    academy = current_academy()
    return mailbox if academy == FIRST_ACADEMY else mailbox / "academies" / str(academy)


class MaildirMailbox:
    """MailSender and MailboxReader over one folder. ``sender_address`` is what messages say they come from."""

    def __init__(self, folder: Path, *, sender_name: str, sender_address: str) -> None:
        self._folder = folder
        self._sender = Address(sender_name, addr_spec=sender_address)

    async def send(self, mail: Mail, *, at: datetime) -> None:
        body = to_message(mail, sender=self._sender, at=at).as_bytes()
        try:
            await asyncio.to_thread(self._deliver, _name_of(mail.message_id), body, at)
        except OSError as error:
            raise GatewayUnavailable("mailbox", f"cannot be written: {error.strerror}") from error

    def _deliver(self, name: str, body: bytes, at: datetime) -> None:
        for folder in FOLDERS:
            (self._folder / folder).mkdir(parents=True, exist_ok=True)
        draft = self._folder / "tmp" / f"{os.getpid()}.{uuid4().hex}"
        try:
            with draft.open("xb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            os.utime(draft, (at.timestamp(), at.timestamp()))
            try:
                (self._folder / "new" / name).hardlink_to(draft)
            except FileExistsError:
                return
        finally:
            draft.unlink(missing_ok=True)

    async def newest(self, *, to_address: str = "", cursor: str | None = None, limit: int = 50) -> Page[MailSummary]:
        before = decode_cursor(cursor, tuple[float, str])
        return await asyncio.to_thread(self._newest, to_address.lower(), before, limit)

    def _newest(self, to_address: str, before: tuple[float, str] | None, limit: int) -> Page[MailSummary]:
        files = sorted(((path.stat().st_mtime, path.name) for path in self._files()), reverse=True)
        shown: list[MailSummary] = []
        last: tuple[float, str] | None = None
        for key in files:
            if before is not None and key >= before:
                continue
            message = self._parse(key[1])
            address = _recipient(message)
            if to_address and to_address != address.lower():
                continue
            if len(shown) == limit:
                return Page(shown, encode_cursor(*last) if last else None)
            shown.append(
                MailSummary(
                    id=key[1],
                    to_address=address,
                    subject=str(message["Subject"]),
                    at=datetime.fromtimestamp(key[0], UTC),
                )
            )
            last = key
        return Page(shown)

    async def read(self, id: str) -> StoredMail:
        return await asyncio.to_thread(self._read, id)

    def _read(self, name: str) -> StoredMail:
        message = self._parse(name)
        text, html = message.get_body(("plain",)), message.get_body(("html",))
        return StoredMail(
            id=name,
            message_id=str(message["Message-ID"]).strip("<>"),
            to_address=_recipient(message),
            subject=str(message["Subject"]),
            at=datetime.fromtimestamp(self._path(name).stat().st_mtime, UTC),
            text=text.get_content() if text is not None else "",
            html=html.get_content() if html is not None else "",
            attachments=tuple(
                Attachment(
                    name=part.get_filename() or "attachment",
                    content_type=str(part["Content-Type"]),
                    body=cast(bytes, part.get_payload(decode=True)),
                )
                for part in message.iter_attachments()
            ),
        )

    def _parse(self, name: str) -> EmailMessage:
        return message_from_bytes(self._path(name).read_bytes(), policy=SMTP)

    def _path(self, name: str) -> Path:
        """Raises NotFound. A name is 40 hex digits and nothing else: no path can be smuggled in."""
        if len(name) == 40 and not set(name) - set("0123456789abcdef"):
            for folder in ("new", "cur"):
                if (path := self._folder / folder / name).is_file():
                    return path
        raise NotFound("there is no such message in the mailbox")

    def _files(self) -> Iterator[Path]:
        for folder in ("new", "cur"):
            if (self._folder / folder).is_dir():
                yield from (self._folder / folder).iterdir()


def _name_of(message_id: str) -> str:
    return hashlib.sha256(message_id.encode()).hexdigest()[:40]


def _recipient(message: EmailMessage) -> str:
    return str(message["To"].addresses[0].addr_spec)
