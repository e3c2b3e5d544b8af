"""A person has seen why a message failed, and wants it tried again. (PAYM-05)"""

from domain.billing.webhook_event import WebhookEvent
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import WebhookId
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.outbox import Wakeup
from ports.unit_of_work import NewUnit


class ReplayWebhook:
    """Raises NotPermitted, NotFound, IllegalTransition for one that worked or is being worked on."""

    def __init__(self, new_unit: NewUnit, clock: Clock, wakeup: Wakeup) -> None:
        self._new_unit, self._clock, self._wakeup = new_unit, clock, wakeup

    async def __call__(self, actor: Actor, webhook_id: WebhookId) -> WebhookEvent:
        actor.require(Permission.REPLAY_WEBHOOKS)
        async with self._new_unit() as unit:
            failed = await unit.webhooks.get(webhook_id)
            event = failed.replay(at=self._clock.now())
            await unit.webhooks.save(event)
            unit.note(
                Act(
                    actor=actor,
                    action="billing.replay_webhook",
                    subject=("webhook", str(webhook_id)),
                    before={"status": failed.status.value},
                    after={"status": event.status.value},
                )
            )
            await unit.commit()
        await self._wakeup.nudge("webhooks")
        return event
