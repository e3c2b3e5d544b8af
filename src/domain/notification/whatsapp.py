"""Somebody's number at WhatsApp, proven to be his, and his word that the school may write to it. (NOTI-02)"""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.errors import Conflict, Invalid
from domain.events import Event, event
from domain.identity.session import derived_token
from domain.ids import UserId
from domain.machine import Lifecycle

GOOD_FOR: Final = timedelta(minutes=10)
"""The code that was sent."""
WORD_GOOD_FOR: Final = timedelta(hours=1)
"""The word that somebody sends us from that number."""
MAX_TRIES: Final = 5
WINDOW: Final = timedelta(hours=24)
"""So long after somebody's own message words of ours may answer it; anything else is an approved template."""
STOP_WORDS: Final = frozenset({"stop", "unsubscribe", "إيقاف", "ايقاف", "توقف", "إلغاء", "الغاء", "بند", "روکیں"})
START_WORDS: Final = frozenset({"start", "ابدأ", "ابدا", "شروع"})
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_PUNCTUATION: Final = re.compile(r"[\s().\-/\u2010-\u2015]+")
_MARKS: Final = re.compile(r"[^\w\s]|[\u064b-\u0652\u0640]")


class WrongCode(Conflict):
    """Mistyped, too old, or tried too often."""

    code = "wrong_code"


class Status(StrEnum):
    """``ASKED``: the number waits for its proof. ``STOPPED``: nothing goes there any more."""

    ASKED = "asked"
    ACTIVE = "active"
    STOPPED = "stopped"


LIFECYCLE: Final = Lifecycle(
    "whatsapp number",
    {
        Status.ASKED: frozenset({Status.ASKED, Status.ACTIVE, Status.STOPPED}),
        Status.ACTIVE: frozenset({Status.ASKED, Status.STOPPED}),
        Status.STOPPED: frozenset({Status.ASKED, Status.ACTIVE}),
    },
    start=frozenset({Status.ASKED}),
)


class Way(StrEnum):
    """How somebody said yes or no: a code typed on the page, a message of his, the page, the provider, another number
    in place of this one.
    """

    CODE = "code"
    MESSAGE = "message"
    PAGE = "page"
    PROVIDER = "provider"
    REPLACED = "replaced"


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What was said and when, kept as it was. ``wording``: the sentence that he agreed to, in his language."""

    user_id: UserId
    number: str
    given: bool
    way: Way
    wording: str
    at: datetime


@event
class WhatsAppStopped(Event, frozen=True, kw_only=True, tag="notification.whatsapp_stopped"):
    """Somebody wants no more messages there. ``answer``: he wrote so, and may be answered."""

    user_id: UserId
    answer: bool


@event
class WhatsAppStarted(Event, frozen=True, kw_only=True, tag="notification.whatsapp_started"):
    """A number is proven, and its owner agrees. ``answer`` as above."""

    user_id: UserId
    answer: bool


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One for each person. ``heard_at``: when he last wrote to us from there."""

    user_id: UserId
    number: str
    status: Status
    wording: str
    asked_at: datetime
    tries: int = 0
    consented_at: datetime | None = None
    heard_at: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        if _NUMBER.fullmatch(self.number) is None:
            raise Invalid("write the number with its country, for example +92 300 1234567", field="number")

    @property
    def is_active(self) -> bool:
        return self.status is Status.ACTIVE

    def ask_again(self, number: str, wording: str, *, at: datetime) -> "Contact":
        """A new code, for this number or for another one; what was agreed to before counts no more."""
        heard = self.heard_at if number == self.number else None
        return self._to(
            Status.ASKED, number=number, wording=wording, asked_at=at, tries=0, consented_at=None, heard_at=heard
        )

    def failed(self) -> "Contact":
        """One more wrong code."""
        return self._next(tries=self.tries + 1)

    def takes_code(self, code: str, secret: str, *, at: datetime) -> bool:
        fresh = self.status is Status.ASKED and self.asked_at <= at < self.asked_at + GOOD_FOR
        return (
            fresh
            and self.tries < MAX_TRIES
            and hmac.compare_digest(code.strip().translate(_LATIN).encode(), self.code(secret).encode())
        )

    def takes_word(self, text: str, secret: str, *, said_at: datetime) -> bool:
        """``said_at`` is the provider's, in whole seconds."""
        since = self.asked_at.replace(microsecond=0)
        fresh = self.status is Status.ASKED and since <= said_at < since + WORD_GOOD_FOR
        return fresh and self.word(secret) in text.upper().split()

    def code(self, secret: str) -> str:
        """The six digits that prove this number: made anew, never stored."""
        return f"{int(derived_token(secret, 'whatsapp-code', self._asked), 16) % 10**6:06d}"

    def word(self, secret: str) -> str:
        """What its owner may send us instead. It is shown on his page, so it says nothing about the code."""
        return derived_token(secret, "whatsapp-word", self._asked)[:8].upper()

    def confirm(self, way: Way, *, at: datetime, answer: bool = False) -> tuple["Contact", Consent, WhatsAppStarted]:
        contact = self._to(Status.ACTIVE, consented_at=at, tries=0)
        return (
            contact,
            self._said(given=True, way=way, at=at),
            WhatsAppStarted(user_id=self.user_id, at=at, answer=answer),
        )

    def stop(self, way: Way, *, at: datetime, answer: bool = False) -> tuple["Contact", Consent, WhatsAppStopped]:
        contact = self._to(Status.STOPPED)
        return (
            contact,
            self._said(given=False, way=way, at=at),
            WhatsAppStopped(user_id=self.user_id, at=at, answer=answer),
        )

    def heard(self, *, at: datetime) -> "Contact":
        return self if self.heard_at is not None and self.heard_at >= at else self._next(heard_at=at)

    def may_be_answered(self, now: datetime) -> bool:
        return self.heard_at is not None and now < self.heard_at + WINDOW

    @property
    def _asked(self) -> str:
        return f"{self.user_id}:{self.number}:{self.asked_at.isoformat()}"

    def _said(self, *, given: bool, way: Way, at: datetime) -> Consent:
        return Consent(user_id=self.user_id, number=self.number, given=given, way=way, wording=self.wording, at=at)

    def _to(self, status: Status, **changes: Any) -> "Contact":
        return self._next(status=LIFECYCLE.step(self.status, status), **changes)

    def _next(self, **changes: Any) -> "Contact":
        return msgspec.structs.replace(self, version=self.version + 1, **changes)


class Stage(StrEnum):
    """How far the provider says a message has come. It says so in any order, and more than once."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


RANKS: Final[Mapping[Stage, int]] = {Stage.SENT: 1, Stage.FAILED: 2, Stage.DELIVERED: 3, Stage.READ: 4}


def goes_on(known: Stage | None, told: Stage) -> bool:
    """Whether it is news: never back, and what has arrived has not failed."""
    return known is None or RANKS[told] > RANKS[known]


def e164(text: str) -> str:
    """``+92 300 123-4567`` and ``0092…`` as ``+923001234567``. Raises Invalid where the country is missing."""
    number = _PUNCTUATION.sub("", text.strip().translate(_LATIN))
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if _NUMBER.fullmatch(number) is None:
        raise Invalid("write the number with its country, for example +92 300 1234567", field="number")
    return number


_LATIN: Final = {base + digit: str(digit) for base in (0x0660, 0x06F0) for digit in range(10)}
"""Arabic and Persian digits."""


def asks_to_stop(text: str) -> bool:
    return _plain(text) in {_plain(word) for word in STOP_WORDS}


def asks_to_start(text: str) -> bool:
    return _plain(text) in {_plain(word) for word in START_WORDS}


def _plain(text: str) -> str:
    """One word as people type it: whatever its case, points and vowel marks."""
    return _MARKS.sub("", text).strip().casefold()
