"""The languages that pages, mails and refusals speak. (L10N-01, L10N-04)

Whoever answers somebody enters that person's language; ``_()`` and the formatting of numbers then follow by themselves:

    with speaking("ur"):
        subject = _("Your lesson is confirmed")

Message ids are the English sentences. Catalogs lie in ``locale/<language>/LC_MESSAGES/halaqa.po``;
``entrypoints.catalogs`` collects what is to be translated and checks that all of it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import msgspec

LANGUAGES: Final = ("en", "ar", "ur")
"""The first one stands in for all others."""
RIGHT_TO_LEFT: Final = frozenset({"ar", "ur"})
OWN_NAMES: Final = {"en": "English", "ar": "العربية", "ur": "اردو"}
NUMERALS: Final = {"latn": "0123456789", "arab": "٠١٢٣٤٥٦٧٨٩", "arabext": "۰۱۲۳۴۵۶۷۸۹"}
"""Latin, Arabic-Indic and the eastern shapes that Urdu and Persian use. Source: Unicode CLDR, numbering systems."""
USUAL_NUMERALS: Final = {"ar": "arab"}
FIRST_WEEKDAY: Final = {"en": 0, "ar": 5, "ur": 6}
"""Monday is 0. Source: CLDR, week data of 001, EG and PK."""


class Language(msgspec.Struct, frozen=True):
    """``numerals``: a key of NUMERALS."""

    lang: str = LANGUAGES[0]
    numerals: str = "latn"

    @property
    def direction(self) -> str:
        return "rtl" if self.lang in RIGHT_TO_LEFT else "ltr"


def language(lang: str, numerals: str = "") -> Language:
    """English for a language that has no catalog, the usual numerals where none that exist are asked for."""
    known = lang if lang in LANGUAGES else LANGUAGES[0]
    return Language(known, numerals if numerals in NUMERALS else USUAL_NUMERALS.get(known, "latn"))


_FIRST: Final = Language()
_current: Final[ContextVar[Language]] = ContextVar("language", default=_FIRST)


def current() -> Language:
    return _current.get()


def speak(chosen: Language) -> None:
    """For the rest of the task at hand; somebody further out resets it."""
    _current.set(chosen)


def stop_speaking() -> None:
    """Back to the language that nobody has asked for."""
    _current.set(_FIRST)


@contextmanager
def speaking(lang: str, numerals: str = "") -> Iterator[None]:
    token = _current.set(language(lang, numerals))
    try:
        yield
    finally:
        _current.reset(token)


def negotiated(accept_language: str) -> str:
    """The first language of the header that we speak; its quality values count. Empty when there is none."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language[:200].split(",")):
        tag, _, quality = part.partition(";")
        lang = tag.strip().partition("-")[0].lower()
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        if lang in LANGUAGES and weight > 0:
            wanted.append((-weight, place, lang))
    return min(wanted)[2] if wanted else ""
