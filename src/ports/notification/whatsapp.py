"""WhatsApp, as the school speaks through it: approved templates, and what comes back. (NOTI-02)"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from domain.notification.whatsapp import Stage
from ports.errors import GatewayRefused
from ports.notification.compose import Notice


class ReaderStopped(GatewayRefused):
    """He has told the provider that he wants no more of our messages."""


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """``body``: what its places are filled with, in order. ``button``: the end of the address that its button leads to;
    for a code, the code once more.
    """

    name: str
    lang: str
    body: tuple[str, ...] = ()
    button: str = ""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """``reference``: what we gave the message on its way, empty where it was none of ours. ``code``: why it failed;
    ``stopped``: because its reader has told the provider that he wants no more.
    """

    ref: str
    reference: str
    stage: Stage
    at: datetime
    code: str = ""
    stopped: bool = False


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wrote to us. ``number`` in E.164; ``text`` is empty for pictures and the like."""

    ref: str
    number: str
    text: str
    at: datetime


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What one call of the provider brings; what says nothing to us is left out."""

    progress: tuple[Progress, ...] = ()
    said: tuple[Said, ...] = ()


class WhatsAppLine(Protocol):
    """One number of the school's. A call may not be repeated: the provider knows no idempotency key."""

    @property
    def account(self) -> str: ...

    @property
    def number(self) -> str:
        """In E.164; empty where nobody has told it."""
        ...

    async def send(self, number: str, template: Template, *, reference: str) -> str:
        """The provider's id of the message. ``reference`` comes back with its progress.

        Raises NotSent where it is certain that nothing went out, GatewayUnavailable where it may have gone,
        GatewayRefused with the provider's code.
        """
        ...

    async def say(self, number: str, text: str, *, reference: str = "") -> str:
        """Words of our own: only within a day of what that person wrote last. Raises as ``send``."""
        ...

    def read(self, raw: bytes, headers: Mapping[str, str]) -> Heard:
        """``headers`` in lower case. Raises BadSignature."""
        ...

    def greets(self, mode: str, token: str) -> bool:
        """Whether it is the provider that asks if we are here."""
        ...


class WhatsAppLines(Protocol):
    def at_hand(self) -> WhatsAppLine | None:
        """That of the academy at hand; None where it has none."""
        ...

    def get(self, account: str) -> WhatsAppLine:
        """Raises NotFound."""
        ...


class TemplateWriter(Protocol):
    def write(self, notice: Notice) -> Template | None:
        """In the reader's language and zone; None for what is not told this way. (LIVE-11: no meeting addresses)"""
        ...

    def code(self, code: str, lang: str) -> Template:
        """That proves a number."""
        ...

    def answer(self, lang: str, *, started: bool) -> str:
        """To somebody who has just written that he wants messages, or no more of them."""
        ...
