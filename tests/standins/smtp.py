"""A mail server that keeps what RFC 5321 asks of its clients, over TLS and with a name and a password where told so.

``faults``: what the next messages meet, one each: "mail 451", "rcpt 550 5.1.1", "rcpt 450", "data 451", "data 554",
"before" (hangs up at MAIL), "lost" (takes the message and hangs up), "hang" (takes it and says nothing), "malformed".
"""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Final, Literal, cast

import aiosmtpd.smtp
import msgspec
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HANG_S: Final = 3.0
LONGEST_LINE: Final = 998


class Taken(msgspec.Struct):
    sender: str
    to: str
    raw: bytes
    tls: bool
    user: str

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=SMTP)


class PostOffice:
    """``taken``: every message that was accepted. ``violations``: what no client may do."""

    def __init__(self, *, user: str = "", password: str = "", needs_tls: bool = False) -> None:
        self.user, self.password, self.needs_tls = user, password, needs_tls
        self.taken: list[Taken] = []
        self.faults: list[str] = []
        self.violations: list[str] = []
        self.connections = 0
        self.host, self.port = "127.0.0.1", 0
        self.context: ssl.SSLContext | None = None

    def url(self, tls: str = "none") -> str:
        who = f"{self.user}:{self.password}@" if self.user else ""
        return f"smtp://{who}localhost:{self.port}?tls={tls}"

    def _fault(self, where: str) -> str:
        if self.faults and self.faults[0].split()[0] == where:
            return self.faults.pop(0)
        return ""

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's names
        self, server: aiosmtpd.smtp.SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: aiosmtpd.smtp.SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.needs_tls and not self._is_safe(server, session):
            self.violations.append("MAIL before TLS")
        if self.user and not session.authenticated:
            self.violations.append("MAIL before AUTH")
            return "530 5.7.0 who are you"
        if self._fault("before"):
            _hang_up(server)
            return "421 bye"
        if fault := self._fault("mail"):
            return fault.removeprefix("mail ") + " as told"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: aiosmtpd.smtp.SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if fault := self._fault("rcpt"):
            return fault.removeprefix("rcpt ") + " as told"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: aiosmtpd.smtp.SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if fault := self._fault("data"):
            return fault.removeprefix("data ") + " as told"
        raw = cast(bytes, envelope.original_content)
        self._check(raw, envelope)
        who = cast(LoginPassword | None, session.auth_data)
        self.taken.append(
            Taken(
                sender=str(envelope.mail_from),
                to=envelope.rcpt_tos[0],
                raw=raw,
                tls=self._is_safe(server, session),
                user=who.login.decode() if who is not None else "",
            )
        )
        if self._fault("lost"):
            _hang_up(server)
        if self._fault("hang"):
            await asyncio.sleep(HANG_S)
        return "what was it" if self._fault("malformed") else "250 2.0.0 queued"

    @staticmethod
    def _is_safe(server: aiosmtpd.smtp.SMTP, session: Session) -> bool:
        line = cast(asyncio.Transport, server.transport)
        return session.ssl is not None or line.get_extra_info("ssl_object") is not None

    def authenticate(
        self, server: aiosmtpd.smtp.SMTP, session: Session, envelope: Envelope, how: str, data: Any
    ) -> AuthResult:
        told = cast(LoginPassword, data)
        known = (told.login.decode(), told.password.decode()) == (self.user, self.password)
        return AuthResult(success=known, handled=False, auth_data=data)

    def _check(self, raw: bytes, envelope: Envelope) -> None:
        if len(envelope.rcpt_tos) != 1:
            self.violations.append("one recipient a message")
        if not raw.isascii() and not any("8BITMIME" in option.upper() for option in envelope.mail_options):
            self.violations.append("8 bits without BODY=8BITMIME")
        if any(len(line) > LONGEST_LINE for line in raw.split(b"\r\n")):
            self.violations.append("a line longer than 998")
        if b"\n" in raw.replace(b"\r\n", b""):
            self.violations.append("a bare line feed")
        message = message_from_bytes(raw, policy=SMTP)
        for header in ("Message-ID", "Date", "From", "To", "Subject", "MIME-Version"):
            if len(message.get_all(header, [])) != 1:
                self.violations.append(f"{header} must be there once")


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For the server and for clients that believe it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.DNSName("push.example")]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    client = ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())
    return server, client


@contextmanager
def post_office(
    office: PostOffice, *, tls: Literal["starttls", "implicit", "none"] = "none", context: ssl.SSLContext | None = None
) -> Iterator[PostOffice]:
    told: dict[str, Any] = {"hostname": "127.0.0.1", "port": 0, "enable_SMTPUTF8": True, "ready_timeout": 5}
    if tls == "starttls":
        told |= {"tls_context": context, "require_starttls": True}
    if tls == "implicit":
        told |= {"ssl_context": context}
    if office.user:
        told |= {"authenticator": office.authenticate, "auth_required": True, "auth_require_tls": tls == "starttls"}
    controller = _AnyPort(office, **told)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


def _hang_up(server: aiosmtpd.smtp.SMTP) -> None:
    cast(asyncio.Transport, server.transport).abort()


class _AnyPort(Controller):
    """Takes the port that the system gives."""

    def _trigger_server(self) -> None:
        self.port = self.handler.port = cast(asyncio.Server, self.server).sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]
