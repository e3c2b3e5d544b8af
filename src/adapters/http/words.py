"""Names of things that the domain knows by a code."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from adapters.http.formatting import locale_of
from adapters.http.text import _
from domain.errors import Invalid
from domain.money import EXPONENTS, Money
from domain.scheduling.qari import Riwayah

RIWAYAT: Final[Mapping[Riwayah, str]] = {
    Riwayah.HAFS: "Hafs",
    Riwayah.SHUBAH: "Shuʿbah",
    Riwayah.WARSH: "Warsh",
    Riwayah.QALUN: "Qālūn",
    Riwayah.DURI_ABU_AMR: "al-Dūrī (Abū ʿAmr)",
    Riwayah.SUSI: "al-Sūsī",
    Riwayah.BAZZI: "al-Bazzī",
    Riwayah.QUNBUL: "Qunbul",
    Riwayah.HISHAM: "Hishām",
    Riwayah.IBN_DHAKWAN: "Ibn Dhakwān",
    Riwayah.KHALAF_HAMZAH: "Khalaf (Ḥamzah)",
    Riwayah.KHALLAD: "Khallād",
    Riwayah.ABU_AL_HARITH: "Abū al-Ḥārith",
    Riwayah.DURI_KISAI: "al-Dūrī (al-Kisā\u02beī)",
    Riwayah.IBN_WARDAN: "Ibn Wardān",
    Riwayah.IBN_JAMMAZ: "Ibn Jammāz",
    Riwayah.RUWAYS: "Ruways",
    Riwayah.RAWH: "Rawḥ",
    Riwayah.ISHAQ: "Isḥāq",
    Riwayah.IDRIS: "Idrīs",
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
    return [RIWAYAT[riwayah] for riwayah in riwayat]


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
