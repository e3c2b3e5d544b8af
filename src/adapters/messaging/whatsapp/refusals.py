"""What the provider's error codes mean for us. Source: WhatsApp Cloud API docs, "Error codes"."""

from enum import StrEnum
from typing import Final

import msgspec

from ports.errors import GatewayError, GatewayRefused, NotSent
from ports.notification.whatsapp import ReaderStopped

GATEWAY: Final = "whatsapp"


class Meaning(StrEnum):
    """``LATER``: not taken, and will be soon. ``READER``: cannot or will not be reached this way. ``STOPPED``: he has
    told the provider that he wants no more. ``ACCOUNT``: ours is in trouble, whoever we write to. ``MESSAGE``: this
    message, or its template, is not as it should be.
    """

    LATER = "later"
    READER = "reader"
    STOPPED = "stopped"
    ACCOUNT = "account"
    MESSAGE = "message"


PAIR_RATE: Final = 131056
_LATER: Final = frozenset({1, 2, 4, 80007, 130429, 131000, 131016, PAIR_RATE})
_READER: Final = frozenset({131021, 131026, 131047, 131049, 130472})
_STOPPED: Final = frozenset({131050})
_ACCOUNT: Final = frozenset({0, 3, 10, 190, 368, 131005, 131031, 131042, 131045, 131048, 133010})
_PERMISSIONS: Final = range(200, 300)
"""131048 is a limit of the whole number, set because many readers complained: waiting a few seconds will not help."""


def meaning_of(code: int) -> Meaning:
    """A code that nobody has told us of is the message's: trying it again would not change it."""
    if code in _LATER:
        return Meaning.LATER
    if code in _STOPPED:
        return Meaning.STOPPED
    if code in _READER:
        return Meaning.READER
    if code in _ACCOUNT or code in _PERMISSIONS:
        return Meaning.ACCOUNT
    return Meaning.MESSAGE


def is_account(code: str) -> bool:
    """From a GatewayRefused."""
    return code.isdecimal() and meaning_of(int(code)) is Meaning.ACCOUNT


class _Error(msgspec.Struct):
    code: int
    message: str = ""


class _Refused(msgspec.Struct):
    error: _Error


def refusal(gateway: str, status: int, body: bytes) -> GatewayError:
    """From an answer that is no success and no failure of the server's. The provider has not taken the message."""
    try:
        error = msgspec.json.decode(body, type=_Refused).error
    except msgspec.DecodeError:
        return GatewayRefused(gateway, f"answered {status}", code=f"http_{status}")
    if meaning_of(error.code) is Meaning.LATER:
        return NotSent(gateway, f"not now ({error.code})", retry_after_s=6.0 if error.code == PAIR_RATE else None)
    told = " ".join(error.message.split())[:200]
    if meaning_of(error.code) is Meaning.STOPPED:
        return ReaderStopped(gateway, told, code=str(error.code))
    return GatewayRefused(gateway, f"{told} ({error.code})", code=str(error.code))
