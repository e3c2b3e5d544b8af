"""Takes in a provider's message: verified, stored once, answered, worked on later. (PAYM-03…05)"""

from collections.abc import Mapping

from domain.billing.webhook_event import WebhookEvent
from domain.ids import WebhookId
from ports.billing.gateway import Gateways
from ports.clock import Clock, NewId
from ports.outbox import Wakeup
from ports.unit_of_work import NewUnit


class ReceiveWebhook:
    """True when it is new, False when it came before. Either way the provider is told that all is well; when storing
    fails, the error goes through and he comes again. Raises NotFound for an unknown account, BadSignature.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId, gateways: Gateways, wakeup: Wakeup) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id
        self._gateways, self._wakeup = gateways, wakeup

    async def __call__(self, provider: str, account: str, raw: bytes, headers: Mapping[str, str]) -> bool:
        now = self._clock.now()
        told = self._gateways.get(provider, account).read_event(raw, headers, now)
        event = WebhookEvent(
            id=WebhookId(self._new_id()),
            provider=provider,
            account=account,
            event_id=told.event_id,
            type=told.type,
            object_ref=told.object_ref,
            raw=raw,
            occurred_at=told.created_at,
            received_at=now,
            due_at=now,
        )
        async with self._new_unit() as unit:
            new = await unit.commit_message(event)
        if new:
            await self._wakeup.nudge("webhooks")
        return new
