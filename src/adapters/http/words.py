"""Names of things that the domain knows by a code."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from adapters.http.formatting import locale_of
from adapters.http.terms import term
from adapters.http.text import N_, _
from domain.errors import Invalid
from domain.money import EXPONENTS, Money
from domain.scheduling.qari import Riwayah
from domain.scheduling.subject import ReadingLevel, Subject

RIWAYAT: Final[Mapping[Riwayah, str]] = {
    Riwayah.HAFS: N_("Hafs"),
    Riwayah.SHUBAH: N_("Shuʿbah"),
    Riwayah.WARSH: N_("Warsh"),
    Riwayah.QALUN: N_("Qālūn"),
    Riwayah.DURI_ABU_AMR: N_("al-Dūrī (Abū ʿAmr)"),
    Riwayah.SUSI: N_("al-Sūsī"),
    Riwayah.BAZZI: N_("al-Bazzī"),
    Riwayah.QUNBUL: N_("Qunbul"),
    Riwayah.HISHAM: N_("Hishām"),
    Riwayah.IBN_DHAKWAN: N_("Ibn Dhakwān"),
    Riwayah.KHALAF_HAMZAH: N_("Khalaf (Ḥamzah)"),
    Riwayah.KHALLAD: N_("Khallād"),
    Riwayah.ABU_AL_HARITH: N_("Abū al-Ḥārith"),
    Riwayah.DURI_KISAI: N_("al-Dūrī (al-Kisā\u02beī)"),
    Riwayah.IBN_WARDAN: N_("Ibn Wardān"),
    Riwayah.IBN_JAMMAZ: N_("Ibn Jammāz"),
    Riwayah.RUWAYS: N_("Ruways"),
    Riwayah.RAWH: N_("Rawḥ"),
    Riwayah.ISHAQ: N_("Isḥāq"),
    Riwayah.IDRIS: N_("Idrīs"),
}
SUBJECTS: Final[Mapping[Subject, str]] = {
    Subject.READ: N_("Reading from the first letter"),
    Subject.TAJWID: N_("Tajwid"),
    Subject.MEMORIZE: N_("Memorization"),
    Subject.REVISE: N_("Revision"),
    Subject.IJAZAH: N_("Ijazah"),
}
LEVELS: Final[Mapping[ReadingLevel, str]] = {
    ReadingLevel.NEW: N_("Does not know the letters yet"),
    ReadingLevel.LETTERS: N_("Knows the letters"),
    ReadingLevel.SLOWLY: N_("Reads slowly"),
    ReadingLevel.FLUENTLY: N_("Reads fluently"),
    ReadingLevel.WITH_TAJWID: N_("Reads with tajwid"),
}
TAUGHT_IN: Final = (
    "en",
    "ar",
    "ur",
    "bn",
    "id",
    "ms",
    "tr",
    "fr",
    "de",
    "so",
    "sw",
    "ha",
    "fa",
    "ps",
    "pa",
    "hi",
    "es",
)
PRICED_IN: Final = ("USD", "CAD", "GBP", "EUR", "AUD", "PKR", "INR", "AED", "SAR", "EGP", "MYR", "IDR", "TRY", "ZAR")


class BadAmount(Invalid):
    code = "bad_amount"


def language_name(code: str, lang: str = "en") -> str:
    name: str = locale_of(lang).languages.get(code, code)
    return name


def language_names(codes: Iterable[str], lang: str = "en") -> list[str]:
    return [language_name(code, lang) for code in codes]


def riwayah_names(riwayat: Iterable[Riwayah]) -> list[str]:
    return [_(RIWAYAT[riwayah]) for riwayah in riwayat]


def subject_options() -> list[list[str]]:
    return [[subject.value, subject_name(subject)] for subject in SUBJECTS]


def subject_name(subject: Subject) -> str:
    """With the school's own term, where it has one for it. (L10N-04)"""
    terms = {Subject.MEMORIZE: "new", Subject.REVISE: "old"}
    words = _(SUBJECTS[subject])
    if subject not in terms:
        return words
    return _("{subject} ({term})", subject=words, term=term(terms[subject]))


def level_options() -> list[list[str]]:
    return [[level.value, _(words)] for level, words in LEVELS.items()]


def money_of(text: str, currency: str) -> Money | None:
    """What somebody wrote as an amount; None for nothing. Raises Invalid."""
    if not text.strip() or currency not in EXPONENTS:
        return None
    return Money.of(number_of(text), currency)


def number_of(text: str) -> str:
    """``12,50`` and ``12.50`` alike. Raises Invalid."""
    number = text.strip().replace(",", ".").replace("\u00a0", "").replace(" ", "")
    if not number or number.count(".") > 1 or not number.replace(".", "").isdecimal() or not number.isascii():
        raise BadAmount(_("Write the amount as 20 or 20.50."), field="amount")
    return number


def date_of(text: str) -> date | None:
    """What a date field sends; None for nothing or nonsense, which then means the default."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def sentence(text: str) -> str:
    """A refusal's own words, set as a sentence."""
    shown = f"{text[:1].upper()}{text[1:]}"
    return shown if shown.endswith((".", "?", ":")) else f"{shown}."
