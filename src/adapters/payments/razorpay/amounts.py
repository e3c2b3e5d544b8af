"""Our minor units and Razorpay's. Source: Razorpay docs, "International payments: supported currencies" and "Create an
order": at least 100 of the smallest unit, three-decimal amounts end in 0.
"""

from typing import Final

from domain.money import EXPONENTS, Money
from ports.errors import GatewayRefused

LEAST: Final = {0: 100, 2: 100, 3: 1000}
"""By the currency's decimals. The rule is written for rupees; for others we keep out what is surely too little."""


def step_of(currency: str) -> int:
    """Three-decimal amounts have to end in 0."""
    return 10 if EXPONENTS.get(currency) == 3 else 1


def to_razorpay(money: Money, gateway: str) -> int:
    """Raises GatewayRefused for what Razorpay cannot express."""
    if money.minor % step_of(money.currency):
        raise GatewayRefused(gateway, f"{money.currency} amounts have to end in 0", "amount_not_supported")
    return money.minor


def require_enough(money: Money, gateway: str) -> None:
    """Raises GatewayRefused ("amount_too_small")."""
    least = LEAST[EXPONENTS[money.currency]]
    if money.minor < least:
        raise GatewayRefused(gateway, f"{money.minor} {money.currency} is less than {least}", "amount_too_small")
