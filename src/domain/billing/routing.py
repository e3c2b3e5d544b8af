"""Which provider, account and mode takes a payment, as the school's own versioned rules. (PAYM-01, PAYM-09, PAYM-14)"""

from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from domain.billing.payment import CheckoutMode
from domain.booking.policy import PolicyRow
from domain.country import country_code
from domain.errors import Invalid
from domain.money import EXPONENTS

PAYMENTS: Final = "payments"
"""The kind under which these rules are stored."""


class RoutingRule(msgspec.Struct, frozen=True, kw_only=True):
    """Empty ``country`` and ``currency`` fit every payer and every price. Without a ``mode`` it is the first one that
    the provider can do, of hosted, embedded and direct.
    """

    country: Annotated[str, Meta(max_length=2)] = ""
    currency: Annotated[str, Meta(max_length=3)] = ""
    provider: Annotated[str, Meta(max_length=32)] = ""
    account: Annotated[str, Meta(max_length=32)] = ""
    mode: CheckoutMode | None = None

    def __post_init__(self) -> None:
        if self.country != country_code(self.country):
            raise Invalid("a country is written as its two letters, for example IN", field="country")
        if self.currency and self.currency not in EXPONENTS:
            raise Invalid("“{currency}” is not a currency we handle", field="currency", currency=self.currency)
        if not self.provider or not self.account:
            raise Invalid("a rule names a provider and one of its accounts", field="provider")

    def fits(self, country: str, currency: str) -> bool:
        return self.country in ("", country) and self.currency in ("", currency)


class PaymentRouting(msgspec.Struct, frozen=True, kw_only=True):
    """The first rule that fits decides. Where none does, the installation's first account takes the payment."""

    rules: Annotated[tuple[RoutingRule, ...], Meta(max_length=100)] = ()

    def fitting(self, country: str, currency: str) -> Iterator[RoutingRule]:
        """In their order. ``country``: the payer's, empty where it is not known."""
        return (rule for rule in self.rules if rule.fits(country, currency))


def read_payment_routing(row: PolicyRow | None) -> PaymentRouting:
    return PaymentRouting() if row is None else msgspec.json.decode(row.body, type=PaymentRouting)
