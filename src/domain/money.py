"""Money: integer minor units and an ISO 4217 code. Only this module knows how many decimals a currency has.

Source of the exponents: ISO 4217 list one. Currencies that are not listed here are refused, not guessed.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import msgspec

from domain.errors import Invalid

EXPONENTS: Final[dict[str, int]] = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "XAF", "XOF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(
        (
            "AED", "AUD", "BDT", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "DZD", "EGP", "EUR", "GBP", "GHS", "HKD",
            "HUF", "IDR", "ILS", "INR", "KES", "LKR", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "PHP", "PKR", "PLN",
            "QAR", "RON", "SAR", "SEK", "SGD", "THB", "TRY", "TZS", "UAH", "USD", "ZAR",
        ),
        2,
    ),
}  # fmt: skip


class CurrencyMismatch(Invalid):
    code = "currency_mismatch"


class UnknownCurrency(Invalid):
    code = "unknown_currency"


class Money(msgspec.Struct, forbid_unknown_fields=True, frozen=True, order=False):
    """``Money(1250, "USD")`` is $12.50; ``Money(1250, "JPY")`` is ¥1250. May be negative (a ledger needs that)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in EXPONENTS:
            raise UnknownCurrency("“{currency}” is not a currency we handle", currency=self.currency, field="currency")

    @classmethod
    def zero(cls, currency: str) -> "Money":
        return cls(0, currency)

    @classmethod
    def of(cls, amount: Decimal | str, currency: str) -> "Money":
        """From major units. Raises Invalid when the amount has more decimals than the currency."""
        if currency not in EXPONENTS:
            raise UnknownCurrency("“{currency}” is not a currency we handle", currency=currency, field="currency")
        scaled = Decimal(amount).scaleb(EXPONENTS[currency])
        if scaled != scaled.to_integral_value():
            raise Invalid(
                "{amount} has more decimals than {currency} knows",
                amount=str(amount),
                currency=currency,
                field="amount",
            )
        return cls(int(scaled), currency)

    @property
    def amount(self) -> Decimal:
        """In major units, for display alone."""
        return Decimal(self.minor).scaleb(-EXPONENTS[self.currency])

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(
                "{currency} and {other} do not add up", currency=self.currency, other=other.currency, field="currency"
            )

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor < other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def percent(self, percent: int) -> "Money":
        """Rounded half to even on the minor unit. ``percent`` in 0..100."""
        if not 0 <= percent <= 100:
            raise Invalid("{percent} is not between 0 and 100 percent", percent=str(percent), field="percent")
        share = (Decimal(self.minor) * percent / 100).to_integral_value(ROUND_HALF_EVEN)
        return Money(int(share), self.currency)

    def split(self, parts: int) -> list["Money"]:
        """Shares whose sum is the whole; the first ones carry the odd minor units."""
        share, odd = divmod(self.minor, parts)
        return [Money(share + (i < odd), self.currency) for i in range(parts)]


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Raises CurrencyMismatch when one of them is in another currency."""
    result = Money.zero(currency)
    for amount in amounts:
        result = result + amount
    return result
