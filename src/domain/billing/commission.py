"""How the price of a lesson is shared between its Qari and the school."""

from datetime import datetime
from typing import Final

import msgspec

from domain.errors import Invalid
from domain.money import Money


class CommissionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Versions are never edited. A lesson keeps the percentage it was sold under."""

    version: int
    percent: int
    valid_from: datetime

    def __post_init__(self) -> None:
        if not 0 <= self.percent <= 100:
            raise Invalid("a commission is between 0 and 100 percent", field="percent")


DEFAULT_PERCENT: Final = 20


def shares(price: Money, percent: int) -> tuple[Money, Money]:
    """The Qari's and the school's. The commission is rounded half to even; together they are the price."""
    commission = price.percent(percent)
    return price - commission, commission
