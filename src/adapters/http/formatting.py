"""Times and money as people read them. Templates call these through the components, never by hand.

Every function that shows an instant takes the zone it is shown in; the components pass the viewer's. (L10N-05)
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from babel.core import Locale
from babel.dates import format_date, format_datetime, format_timedelta, get_timezone_location
from babel.numbers import format_currency

from adapters.languages import FIRST_WEEKDAY, LANGUAGES, current, language
from adapters.languages.text import digits
from domain.money import Money
from domain.time import zone_of

_LETTER_BY_DIGIT: Final = re.compile(r"(?<=[^\W\d_])(?=\d)")


@lru_cache(maxsize=32)
def locale_of(lang: str) -> Locale:
    return Locale.parse(lang.replace("-", "_"))


def shown(text: str, lang: str) -> str:
    """In the numerals that the reader chose, or in those usual in that language where it is not the page's own."""
    here = current()
    return digits(text, here.numerals if here.lang == lang else language(lang).numerals)


def _pattern(moment: datetime, zone: str, pattern: str, lang: str) -> str:
    return shown(_formatted(moment, zone, pattern, lang), lang)


@lru_cache(maxsize=4096)
def _formatted(moment: datetime, zone: str, pattern: str, lang: str) -> str:
    return format_datetime(moment, pattern, tzinfo=zone_of(zone), locale=locale_of(lang))


def day_text(moment: datetime, zone: str, lang: str = "en", year: bool = False) -> str:
    """``Tue 3 Mar``, with the year where the reader could take it for another one."""
    return _pattern(moment, zone, "EEE d MMM y" if year else "EEE d MMM", lang)


def long_day_text(moment: datetime, zone: str, lang: str = "en") -> str:
    return _pattern(moment, zone, "EEEE d MMMM y", lang)


def clock_text(moment: datetime, zone: str, lang: str = "en") -> str:
    return _pattern(moment, zone, "HH:mm", lang)


def date_text(day: date, lang: str = "en", pattern: str = "EEE d MMM") -> str:
    return shown(_date(day, lang, pattern), lang)


@lru_cache(maxsize=2048)
def _date(day: date, lang: str, pattern: str) -> str:
    return format_date(day, pattern, locale=locale_of(lang))


def week_starts_on(lang: str) -> int:
    """Monday is 0. (L10N-04)"""
    return FIRST_WEEKDAY.get(lang, FIRST_WEEKDAY[LANGUAGES[0]])


@lru_cache(maxsize=1024)
def place_text(zone: str, lang: str = "en") -> str:
    """``Karachi`` for ``Asia/Karachi``."""
    if "/" not in zone:
        return zone
    place: str = get_timezone_location(zone_of(zone), locale=locale_of(lang), return_city=True)
    return place.rsplit("/", 1)[-1].replace("_", " ")


def offset_text(zone: str, moment: datetime) -> str:
    """``UTC+5:45``: what the zone is worth at that moment."""
    offset = moment.astimezone(zone_of(zone)).utcoffset() or timedelta()
    sign = "\N{MINUS SIGN}" if offset < timedelta() else "+"
    hours, minutes = divmod(int(abs(offset).total_seconds()) // 60, 60)
    return f"UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")


def relative_text(moment: datetime, now: datetime, lang: str = "en") -> str:
    """``in 3 hours``. Stands beside a full time, never alone."""
    return shown(format_timedelta(moment - now, add_direction=True, threshold=1.2, locale=locale_of(lang)), lang)


def money_text(amount: Money, lang: str = "en", short: bool = False) -> str:
    """``$12.00``; short drops the decimals of a whole amount: ``$12``. A code never touches its number: ``PKR 500``."""
    here = current()
    numerals = (here if here.lang == lang else language(lang)).numerals
    return digits(_money(amount, lang, short, "arab" if lang == "ar" and numerals == "arab" else "latn"), numerals)


@lru_cache(maxsize=4096)
def _money(amount: Money, lang: str, short: bool, system: str) -> str:
    """``system`` brings the separators that belong to the numerals."""
    pattern: str = locale_of(lang).currency_formats["standard"].pattern
    if short and amount.amount == amount.amount.to_integral_value():
        text = format_currency(
            amount.amount,
            amount.currency,
            pattern.replace(".00", ""),
            locale=locale_of(lang),
            currency_digits=False,
            numbering_system=system,
        )
    else:
        text = format_currency(amount.amount, amount.currency, locale=locale_of(lang), numbering_system=system)
    return _LETTER_BY_DIGIT.sub("\u00a0", text)


def iso_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# What the components call; zone, lang and now reach them from the page's context.
FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "day_text": day_text,
    "long_day_text": long_day_text,
    "clock_text": clock_text,
    "date_text": date_text,
    "place_text": place_text,
    "offset_text": offset_text,
    "relative_text": relative_text,
    "money_text": money_text,
    "iso_text": iso_text,
}
