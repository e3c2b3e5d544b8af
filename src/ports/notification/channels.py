"""Ways to somebody beside mail: WhatsApp, push. Mail stands in for each of them. (NOTI-02, NOTI-03)"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from domain.ids import DeliveryId
from domain.notification.delivery import Channel
from ports.notification.compose import Notice


class ChannelSender(Protocol):
    """Knows where ``notice.to`` is reached, and forgets what is dead."""

    @property
    def repeatable(self) -> bool:
        """Whether the same message twice is told once, or does no harm. Where not, a message without a known outcome
        is never sent again: its status may still be told from outside, and mail takes over when it is not.
        """
        ...

    async def send(self, notice: Notice, *, delivery_id: DeliveryId, at: datetime) -> str:
        """The provider's id for it, where it gives one.

        Raises NotSent (nothing has gone out: may be tried again), GatewayUnavailable (it may have gone out),
        GatewayRefused (never will: nobody to reach, no consent, nothing to say on this channel, a clear no).
        """
        ...


Senders = Mapping[Channel, ChannelSender]
"""Those that are set up. News for a channel that is not goes by mail."""
