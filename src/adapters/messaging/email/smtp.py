"""Mail by the school's mail server. (NOTI-01)

The server's word decides. 5xx about the address: refused. 4xx, and whatever it says about us rather than about the
message (name, password, sender): not sent, and tried again later. When the line breaks after the message was handed
over, nobody knows: the next attempt bears the same Message-ID, by which receivers tell the two apart.
Source: RFC 5321, RFC 3463 (the code in three parts).
"""

import asyncio
import re
import ssl
import time
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.policy import SMTP as SMTP_POLICY
from typing import Final

import aiosmtplib

from adapters.messaging.email.maildir import to_message
from adapters.messaging.email.smtp_server import SmtpServer
from adapters.outgoing.guard import Guard
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent
from ports.notification.mail import Mail

IDLE_S: Final = 20.0
"""A line that was still for longer is not used again: servers hang up on their own."""
PLAIN: Final = SMTP_POLICY.clone(cte_type="7bit")
_ENHANCED: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


class SmtpLine:
    """One connection, used for one message after another. ``timeout_s``: for each answer of the server."""

    def __init__(
        self, server: SmtpServer, guard: Guard, *, timeout_s: float = 20.0, context: ssl.SSLContext | None = None
    ) -> None:
        self._server, self._guard, self._timeout_s = server, guard, timeout_s
        self._context = context or (ssl.create_default_context() if server.tls != "none" else None)
        self._client: aiosmtplib.SMTP | None = None
        self._used_at = 0.0
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._guard.name

    async def deliver(self, sender: str, to: str, body: bytes) -> None:
        """Raises NotSent, GatewayUnavailable, GatewayRefused."""
        # Not repeated here after an unknown outcome: the message waits in its queue, and more patiently.
        await self._guard.run("mail", lambda: self._deliver(sender, to, body), repeatable=False)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _deliver(self, sender: str, to: str, body: bytes) -> None:
        async with self._turn:
            try:
                await self._envelope(sender, to)
                await self._data(body)
            except BaseException:
                # Also when the guard's time is up: half a conversation cannot go on.
                await self.close()
                raise
            self._used_at = time.monotonic()

    async def _envelope(self, sender: str, to: str) -> None:
        client = await self._connected()
        options = [] if (sender + to).isascii() else ["SMTPUTF8"]
        encoding = "ascii" if not options else "utf-8"
        try:
            try:
                await client.mail(sender, options=options, encoding=encoding)
            except aiosmtplib.SMTPServerDisconnected:
                # It had hung up while nothing was said.
                await self.close()
                client = await self._connected()
                await client.mail(sender, options=options, encoding=encoding)
            await client.rcpt(to, encoding=encoding)
        except aiosmtplib.SMTPRecipientRefused as error:
            if 500 <= error.code < 600:
                raise GatewayRefused(self.name, _said(error.code, error.message), _code(error)) from error
            raise NotSent(self.name, _said(error.code, error.message)) from error
        except ValueError as error:
            raise GatewayRefused(self.name, "that is no address", "5.1.3") from error
        except aiosmtplib.SMTPNotSupported as error:
            raise GatewayRefused(self.name, "this server knows no such addresses", "5.6.7") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotSent(self.name, _told(error)) from error

    async def _data(self, body: bytes) -> None:
        if self._client is None:
            raise NotSent(self.name, "the line is closed")
        try:
            await self._client.data(body)
        except aiosmtplib.SMTPDataError as error:
            if 400 <= error.code < 500:
                raise NotSent(self.name, _said(error.code, error.message)) from error
            if 500 <= error.code < 600:
                raise GatewayRefused(self.name, _said(error.code, error.message), _code(error)) from error
            raise GatewayUnavailable(self.name, _said(error.code, error.message)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise GatewayUnavailable(self.name, _told(error)) from error

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._client.is_connected and time.monotonic() - self._used_at < IDLE_S:
            return self._client
        await self.close()
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            timeout=self._timeout_s,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=self._context,
        )
        try:
            await client.connect()
        except BaseException as error:
            client.close()
            if isinstance(error, aiosmtplib.SMTPException | OSError | ssl.SSLError):
                raise NotSent(self.name, _told(error)) from error
            raise
        self._client = client
        return client


class SmtpSender:
    """``sender_name``: the academy's. ``envelope``: whom the server tells of a message that cannot be delivered."""

    def __init__(
        self, line: SmtpLine, *, sender_name: str, sender_address: str, envelope: Callable[[Mail], str]
    ) -> None:
        self._line, self._envelope = line, envelope
        self._sender = Address(sender_name, addr_spec=sender_address)

    async def send(self, mail: Mail, *, at: datetime) -> None:
        body = to_message(mail, sender=self._sender, at=at).as_bytes(policy=PLAIN)
        await self._line.deliver(self._envelope(mail), mail.to_address, body)


def _code(error: aiosmtplib.SMTPResponseException) -> str:
    """ "5.1.1" where the server says so, else its three digits."""
    found = _ENHANCED.search(error.message)
    return found[1] if found else str(error.code)


def _said(code: int, message: str) -> str:
    return f"{code} {' '.join(message.split())[:200]}"


def _told(error: BaseException) -> str:
    """The kind alone where the text might quote what we said."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return f"does not know us ({error.code})"
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _said(error.code, error.message)
    return type(error).__name__
