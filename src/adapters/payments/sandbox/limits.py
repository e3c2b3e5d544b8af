"""What amounts can be charged, in minor units: about half a unit of the currency up to 999,999.99."""

from typing import Final

from adapters.payments.sandbox.errors import invalid
from domain.money import EXPONENTS

_LEAST: Final = {0: 50, 2: 50, 3: 500}
_MOST: Final = {0: 99_999_999, 2: 99_999_999, 3: 999_999_999}


def check_amount(amount: int, currency: str) -> None:
    """Raises ApiRefusal. Source of the shape: Stripe's minimum and maximum charge amounts."""
    if currency not in EXPONENTS:
        raise invalid("currency_not_supported", f"The currency {currency!r} is not supported.", "currency")
    exponent = EXPONENTS[currency]
    if amount < _LEAST[exponent]:
        raise invalid("amount_too_small", f"The amount is at least {_LEAST[exponent]} in {currency}.", "amount")
    if amount > _MOST[exponent]:
        raise invalid("amount_too_large", f"The amount is at most {_MOST[exponent]} in {currency}.", "amount")
