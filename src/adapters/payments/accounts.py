"""The configured provider accounts. (PAYM-14)"""

from collections.abc import Sequence

from domain.errors import NotFound
from ports.billing.gateway import PaymentGateway


class Accounts:
    """In the order in which they are given: the first one takes payments that no rule sends elsewhere."""

    def __init__(self, gateways: Sequence[PaymentGateway]) -> None:
        self._gateways = {(gateway.provider, gateway.account): gateway for gateway in gateways}

    def get(self, provider: str, account: str) -> PaymentGateway:
        try:
            return self._gateways[provider, account]
        except KeyError:
            raise NotFound("there is no such provider account") from None

    def all(self) -> Sequence[PaymentGateway]:
        return tuple(self._gateways.values())
