"""One message over a channel beside mail, and when mail takes over from it. (NOTI-02, NOTI-03)"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog

from application.outbox.backoff import Jitter, told, wait_after
from domain.notification.delivery import Delivery
from ports.clock import Clock
from ports.errors import GatewayRefused, NotSent
from ports.notification.channels import ChannelSender, Senders
from ports.notification.compose import Notice

TRIES: Final = 3
"""Then mail tells it: a reminder that comes after the lesson is none."""
UNHEARD: Final = timedelta(minutes=2)
"""How long a message that must not be sent twice may wait for word of what became of it."""
log = structlog.get_logger(__name__)


class Carrier:
    def __init__(self, senders: Senders, clock: Clock, jitter: Jitter) -> None:
        self._senders, self._clock, self._jitter = senders, clock, jitter

    async def __call__(
        self, delivery: Delivery, notice: Notice, store: Callable[[Delivery], Awaitable[bool]]
    ) -> Delivery:
        """What became of it. ``store`` keeps it before a call that must not be made twice; false when somebody else
        has it.
        """
        sender = self._senders.get(delivery.channel)
        if sender is None:
            return delivery.replaced(why="this channel is not set up")
        if delivery.unsure:
            return delivery.replaced(why="nobody has told whether it arrived")
        if not sender.repeatable:
            delivery = delivery.trying()
            if not await store(delivery):
                return delivery
        try:
            ref = await sender.send(notice, delivery_id=delivery.id, at=self._clock.now())
        except Exception as error:  # noqa: BLE001  (kept with the message, which waits or goes by mail)
            return self._failed(delivery, sender, error)
        return delivery.sent(at=self._clock.now(), provider_ref=ref)

    def _failed(self, delivery: Delivery, sender: ChannelSender, error: Exception) -> Delivery:
        log.warning(
            "message_not_carried",
            delivery_id=str(delivery.id),
            channel=delivery.channel.value,
            attempts=delivery.attempts,
            error=type(error).__name__,
        )
        if isinstance(error, GatewayRefused):
            return delivery.replaced(why=told(error))
        now = self._clock.now()
        if not sender.repeatable and not isinstance(error, NotSent):
            return delivery.postpone(until=now + UNHEARD, error=told(error))
        if delivery.attempts >= TRIES:
            return delivery.replaced(why=told(error))
        return delivery.not_tried().postpone(until=now + wait_after(delivery.attempts, self._jitter), error=told(error))
