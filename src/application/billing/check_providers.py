"""Which payment accounts answer with the keys that are configured: after a change of keys, before the school opens."""

from datetime import timedelta
from typing import Final, Literal

import msgspec

from ports.billing.gateway import GatewayRefused, Gateways, GatewayUnavailable, PaymentGateway
from ports.clock import Clock

_LATELY: Final = timedelta(hours=1)


class AccountCheck(msgspec.Struct, frozen=True, kw_only=True):
    """``reason``: why not, in the provider's words; it holds no secret."""

    provider: str
    account: str
    modes: tuple[str, ...]
    answer: Literal["answers", "refuses", "silent"]
    reason: str = ""


class CheckProviders:
    """One read of each account, in their order. The first one takes payments that no rule sends elsewhere."""

    def __init__(self, gateways: Gateways, clock: Clock) -> None:
        self._gateways, self._clock = gateways, clock

    async def __call__(self) -> list[AccountCheck]:
        return [await self._check(gateway) for gateway in self._gateways.all()]

    async def _check(self, gateway: PaymentGateway) -> AccountCheck:
        answer: Literal["answers", "refuses", "silent"] = "answers"
        reason = ""
        try:
            await gateway.list_changed(self._clock.now() - _LATELY, None)
        except GatewayRefused as error:
            answer, reason = "refuses", error.code or str(error)
        except GatewayUnavailable as error:
            answer, reason = "silent", str(error)
        modes = tuple(sorted(mode.value for mode in gateway.modes))
        return AccountCheck(
            provider=gateway.provider, account=gateway.account, modes=modes, answer=answer, reason=reason
        )
