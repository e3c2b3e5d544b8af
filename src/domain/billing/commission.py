"""How the price of a lesson is shared between its Qari and the school."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from domain.errors import Invalid
from domain.money import Money

COMMISSION_POLICY: Final = "commission"
"""The kind under which its versions are stored."""


class CommissionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Versions are never edited, and a lesson keeps the percentage that it was sold under."""

    percent: Annotated[int, Meta(ge=0, le=100)] = 20

    def __post_init__(self) -> None:
        if not 0 <= self.percent <= 100:
            raise Invalid("a commission is between 0 and 100 percent", field="percent")


def shares(price: Money, percent: int) -> tuple[Money, Money]:
    """The Qari's and the school's. The commission is rounded half to even; together they are the price."""
    commission = price.percent(percent)
    return price - commission, commission
