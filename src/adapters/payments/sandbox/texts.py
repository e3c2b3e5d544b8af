"""The pages' language, and money and moments in it."""

from datetime import datetime
from gettext import NullTranslations
from typing import Final

from babel import Locale, negotiate_locale
from babel.dates import format_datetime, get_timezone
from babel.numbers import format_currency

from domain.money import Money

CATALOGS: Final[dict[str, NullTranslations]] = {"en": NullTranslations()}
_ = str  # marks message ids; they are translated when a page is made


class Texts:
    """One reader's language. ``dir`` is "rtl" for Arabic, Urdu and their like."""

    def __init__(self, accept_language: str) -> None:
        wanted = [part.split(";")[0].strip() for part in accept_language[:200].split(",")]
        self.lang = negotiate_locale([w for w in wanted if w], list(CATALOGS), sep="-") or "en"
        self._locale = Locale.parse(self.lang, sep="-")
        self.dir = self._locale.text_direction
        self.translate = CATALOGS[self.lang].gettext

    def money(self, minor: int, currency: str) -> str:
        return format_currency(Money(minor, currency).amount, currency, locale=self._locale)

    def until(self, moment: datetime) -> str:
        """Nobody told us the payer's zone, so it says UTC."""
        return f"{format_datetime(moment, 'HH:mm', tzinfo=get_timezone('UTC'), locale=self._locale)} UTC"


DECLINES: Final[dict[str, str]] = {
    "generic_decline": _("Your card was declined. The bank gave no reason. Try another card."),
    "insufficient_funds": _("Your card was declined: not enough balance. Try another card."),
    "lost_card": _("Your card was declined: it is reported lost. Try another card."),
    "stolen_card": _("Your card was declined: it is reported stolen. Try another card."),
    "expired_card": _("Your card was declined: it has expired. Try another card."),
    "incorrect_cvc": _("Your card was declined: the security code is wrong. Check the code and try again."),
    "processing_error": _("The bank could not process your card just now. Nothing was charged. Try again."),
    "authentication_failed": _("The payment was not confirmed, so nothing was charged. Try again or use another card."),
}


def decline_message(code: str | None) -> str:
    """A message id, "" without a code."""
    return DECLINES.get(code, DECLINES["generic_decline"]) if code else ""
