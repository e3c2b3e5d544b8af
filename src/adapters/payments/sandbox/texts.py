"""The pages' language, and money and moments in it."""

from datetime import datetime
from typing import Final

from babel import Locale
from babel.dates import format_datetime, get_timezone
from babel.numbers import format_currency

from adapters.languages import language, negotiated
from adapters.languages.text import N_, translator
from domain.money import Money


class Texts:
    """One reader's language. ``dir`` is "rtl" for Arabic, Urdu and their like."""

    def __init__(self, accept_language: str) -> None:
        spoken = language(negotiated(accept_language))
        self.lang, self.dir = spoken.lang, spoken.direction
        self._locale = Locale.parse(self.lang)
        self._look_up = translator(self.lang)

    def translate(self, message: str) -> str:
        """The empty id would name the catalog itself."""
        return self._look_up(message) if message else ""

    def money(self, minor: int, currency: str) -> str:
        return format_currency(Money(minor, currency).amount, currency, locale=self._locale)

    def until(self, moment: datetime) -> str:
        """Nobody told us the payer's zone, so it says UTC."""
        return f"{format_datetime(moment, 'HH:mm', tzinfo=get_timezone('UTC'), locale=self._locale)} UTC"


DECLINES: Final[dict[str, str]] = {
    "generic_decline": N_("Your card was declined. The bank gave no reason. Try another card."),
    "insufficient_funds": N_("Your card was declined: not enough balance. Try another card."),
    "lost_card": N_("Your card was declined: it is reported lost. Try another card."),
    "stolen_card": N_("Your card was declined: it is reported stolen. Try another card."),
    "expired_card": N_("Your card was declined: it has expired. Try another card."),
    "incorrect_cvc": N_("Your card was declined: the security code is wrong. Check the code and try again."),
    "processing_error": N_("The bank could not process your card just now. Nothing was charged. Try again."),
    "authentication_failed": N_(
        "The payment was not confirmed, so nothing was charged. Try again or use another card."
    ),
}


def decline_message(code: str | None) -> str:
    """A message id, "" without a code."""
    return DECLINES.get(code, DECLINES["generic_decline"]) if code else ""
