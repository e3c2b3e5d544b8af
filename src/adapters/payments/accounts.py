"""The configured provider accounts. (PAYM-14)"""

from collections.abc import Mapping, Sequence

from domain.errors import NotFound
from ports.billing.gateway import PaymentGateway


class Accounts:
    """``defaults``: currency -> (provider, account) that takes new payments in it; all others go to the first one."""

    def __init__(
        self, gateways: Sequence[PaymentGateway], defaults: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        self._gateways = {(gateway.provider, gateway.account): gateway for gateway in gateways}
        self._defaults = dict(defaults or {})

    def get(self, provider: str, account: str) -> PaymentGateway:
        try:
            return self._gateways[provider, account]
        except KeyError:
            raise NotFound("there is no such provider account") from None

    def default_for(self, currency: str) -> PaymentGateway:
        if currency in self._defaults:
            return self.get(*self._defaults[currency])
        for gateway in self._gateways.values():
            return gateway
        raise NotFound("no account takes payments in {currency}", currency=currency)

    def all(self) -> Sequence[PaymentGateway]:
        return tuple(self._gateways.values())
