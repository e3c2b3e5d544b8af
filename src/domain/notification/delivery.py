"""One message to one person over one channel, from the event that causes it until it has gone. (NOTI-13)"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from domain.events import Event
from domain.ids import BookingId, DeliveryId, UserId
from domain.machine import Lifecycle
from domain.notification.topic import Topic

RESTED: Final = timedelta(minutes=30)
"""How long after its new time a message that has waited may still go out."""
_DELIVERIES: Final = UUID("5a7a7b5e-33a7-4f0e-9d55-0f5f3f5c1c11")


class Channel(StrEnum):
    EMAIL = "email"
    IN_APP = "in_app"
    WHATSAPP = "whatsapp"
    PUSH = "push"


class Status(StrEnum):
    """``WITHDRAWN``: it was no longer true, or too late to be of use, when its turn came. ``REPLACED``: it did not
    arrive, and mail tells the same instead.
    """

    QUEUED = "queued"
    SENT = "sent"
    WITHDRAWN = "withdrawn"
    DEAD = "dead"
    REPLACED = "replaced"


TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.QUEUED: frozenset({Status.SENT, Status.WITHDRAWN, Status.DEAD, Status.REPLACED}),
    Status.SENT: frozenset({Status.REPLACED}),
    Status.WITHDRAWN: frozenset(),
    Status.DEAD: frozenset({Status.QUEUED}),
    Status.REPLACED: frozenset(),
}
LIFECYCLE: Final = Lifecycle("notification delivery", TRANSITIONS, start=frozenset({Status.QUEUED}))


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """``key`` is unique: the same news never reaches the same person twice over the same channel. ``recipient_id``
    is None for the school's own copy. ``not_after``: from then on the message is stale and is not sent.
    ``gathered``: it waits to be told together with others. ``read_at``: of notes that are shown on the pages.
    ``provider_ref``: what the provider calls it. ``unsure``: it may have been sent; nobody has said so.
    """

    id: DeliveryId
    key: str
    channel: Channel
    topic: Topic
    recipient_id: UserId | None
    event: Event
    created_at: datetime
    due_at: datetime
    not_after: datetime | None = None
    booking_id: BookingId | None = None
    status: Status = Status.QUEUED
    attempts: int = 0
    error: str = ""
    sent_at: datetime | None = None
    gathered: bool = False
    read_at: datetime | None = None
    provider_ref: str = ""
    unsure: bool = False

    @classmethod
    def about(
        cls,
        event: Event,
        topic: Topic,
        recipient_id: UserId | None,
        *,
        cause: str,
        at: datetime,
        not_after: datetime | None = None,
        channel: Channel = Channel.EMAIL,
    ) -> "Delivery":
        """``cause`` names what happened, once: an event's id, or a key that several events share.

        The id follows from the key, and the Message-ID from the id: a repeated attempt is the same message. A note on
        the pages has arrived once it is written down.
        """
        key = f"{cause}:{topic}:{recipient_id or 'school'}:{channel}"
        return cls(
            id=DeliveryId(uuid5(_DELIVERIES, key)),
            key=key,
            channel=channel,
            topic=topic,
            recipient_id=recipient_id,
            event=event,
            created_at=at,
            due_at=at,
            not_after=not_after,
            booking_id=getattr(event, "booking_id", None),
            status=Status.SENT if channel is Channel.IN_APP else Status.QUEUED,
            sent_at=at if channel is Channel.IN_APP else None,
        )

    def until(self, moment: datetime) -> "Delivery":
        return msgspec.structs.replace(self, not_after=moment)

    def is_stale(self, at: datetime) -> bool:
        return self.not_after is not None and at >= self.not_after

    def sent(self, *, at: datetime, provider_ref: str = "") -> "Delivery":
        return self._to(Status.SENT, sent_at=at, error="", unsure=False, provider_ref=provider_ref or self.provider_ref)

    def trying(self) -> "Delivery":
        """Written down before a call that must not be made twice: whoever finds it so asks nobody again."""
        return msgspec.structs.replace(self, unsure=True)

    def not_tried(self) -> "Delivery":
        """The call provably never left us."""
        return msgspec.structs.replace(self, unsure=False)

    def replaced(self, *, why: str) -> "Delivery":
        """It did not arrive; ``as_mail`` tells the same."""
        return self._to(Status.REPLACED, error=why, unsure=False)

    def as_mail(self, *, at: datetime) -> "Delivery":
        """Its key is the one that this news by mail always has: whoever is told by mail anyhow, or has been told so
        before, is not told twice. (NOTI-02)
        """
        own = f":{self.topic}:{self.recipient_id or 'school'}:{self.channel}"
        return Delivery.about(
            self.event,
            self.topic,
            self.recipient_id,
            cause=self.key.removesuffix(own),
            at=at,
            not_after=self.not_after,
        )

    def withdraw(self, *, why: str) -> "Delivery":
        return self._to(Status.WITHDRAWN, error=why)

    def bury(self, *, error: str) -> "Delivery":
        """It keeps failing: a person has to look."""
        return self._to(Status.DEAD, error=error)

    def revive(self, *, at: datetime) -> "Delivery":
        return self._to(Status.QUEUED, due_at=at, attempts=0)

    def postpone(self, *, until: datetime, error: str) -> "Delivery":
        """Still queued; tried again later."""
        return msgspec.structs.replace(self, due_at=until, error=error)

    def rest(self, *, until: datetime, gathered: bool = False) -> "Delivery":
        """Kept for later because its reader wants it so: it is not stale before its new time has passed."""
        not_after = self.not_after
        if not_after is not None and not_after <= until:
            not_after = until + RESTED
        return msgspec.structs.replace(self, due_at=until, not_after=not_after, gathered=gathered, error="")

    def _to(self, status: Status, **changes: Any) -> "Delivery":
        return msgspec.structs.replace(self, status=LIFECYCLE.step(self.status, status), **changes)
