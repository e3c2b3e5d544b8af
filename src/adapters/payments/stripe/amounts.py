"""Our minor units and Stripe's. Source: Stripe docs, "Currencies": zero-decimal, three-decimal and special cases,
minimum charge amounts.
"""

from collections.abc import Mapping
from typing import Final

from domain.money import EXPONENTS, Money
from ports.errors import GatewayRefused

UNKNOWN: Final = frozenset({"IQD", "LYD"})
"""Three-decimal currencies that Stripe does not take."""
IN_HUNDREDTHS: Final = frozenset({"ISK", "UGX"})
"""Have no decimals, yet are written with two, for Stripe's sake."""
LEAST: Final[Mapping[str, int]] = {
    "AED": 200, "CZK": 1500, "DKK": 250, "GBP": 30, "HKD": 400, "HUF": 17_500, "JPY": 50, "MXN": 1000, "MYR": 200,
    "NOK": 300, "PLN": 200, "RON": 200, "SEK": 300, "THB": 1000, "ISK": 100, "UGX": 2000,
}  # fmt: skip
"""In our minor units. For other currencies Stripe converts half a dollar: we only keep out what is surely less."""
_LEAST_BY_EXPONENT: Final = {0: 50, 2: 50, 3: 100}


def step_of(currency: str) -> int:
    """Three-decimal amounts have to end in 0."""
    return 10 if EXPONENTS.get(currency) == 3 else 1


def to_stripe(money: Money, gateway: str) -> int:
    """Raises GatewayRefused for what Stripe cannot express: three-decimal amounts have to end in 0."""
    if money.currency in UNKNOWN:
        raise GatewayRefused(gateway, f"takes no {money.currency}", "currency_not_supported")
    if money.minor % step_of(money.currency):
        raise GatewayRefused(gateway, f"{money.currency} amounts have to end in 0", "amount_not_supported")
    return money.minor * 100 if money.currency in IN_HUNDREDTHS else money.minor


def from_stripe(amount: int, currency: str) -> Money:
    """Raises UnknownCurrency."""
    code = currency.upper()
    return Money(amount // 100 if code in IN_HUNDREDTHS else amount, code)


def require_enough(money: Money, gateway: str) -> None:
    """Raises GatewayRefused ("amount_too_small")."""
    least = LEAST.get(money.currency, _LEAST_BY_EXPONENT[EXPONENTS[money.currency]])
    if money.minor < least:
        raise GatewayRefused(gateway, f"{money.minor} {money.currency} is less than {least}", "amount_too_small")
