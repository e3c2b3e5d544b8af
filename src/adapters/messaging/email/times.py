"""Times and money as a message says them: the reader's first, then the other side's. (L10N-05)"""

from datetime import datetime
from functools import lru_cache

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_datetime, get_timezone_location
from babel.numbers import format_currency

from adapters.languages import language
from adapters.languages.text import digits
from domain.money import Money
from domain.time import zone_of


@lru_cache(maxsize=32)
def locale_of(lang: str) -> Locale:
    """English for a language that we cannot write."""
    try:
        return Locale.parse(lang.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _text(moment: datetime, pattern: str, zone: str, lang: str) -> str:
    text = format_datetime(moment, pattern, tzinfo=zone_of(zone), locale=locale_of(lang))
    return digits(text, language(lang).numerals)


def day_text(moment: datetime, zone: str, lang: str) -> str:
    """``Tue 3 Mar``"""
    return _text(moment, "EEE d MMM", zone, lang)


def clock_text(moment: datetime, zone: str, lang: str) -> str:
    return _text(moment, "HH:mm", zone, lang)


def place_text(zone: str, lang: str) -> str:
    """``Karachi`` for ``Asia/Karachi``."""
    if "/" not in zone:
        return zone
    place: str = get_timezone_location(zone_of(zone), locale=locale_of(lang), return_city=True)
    return place.strip() or zone.rsplit("/", 1)[-1].replace("_", " ")


def other_clock(moment: datetime, *, zone: str, other: str, lang: str) -> str:
    """``21:00``, or ``Wed 02:00`` where the date differs. Empty where the clocks agree."""
    here, there = moment.astimezone(zone_of(zone)), moment.astimezone(zone_of(other))
    if here.utcoffset() == there.utcoffset():
        return ""
    return _text(moment, "HH:mm" if here.date() == there.date() else "EEE HH:mm", other, lang)


def money_text(amount: Money, lang: str) -> str:
    numerals = language(lang).numerals
    system = "arab" if numerals == "arab" else "latn"
    text = format_currency(amount.amount, amount.currency, locale=locale_of(lang), numbering_system=system)
    return digits(text, numerals)
