"""Messages to be sent and the calendar feeds that people have opened."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from domain.ids import BookingId, DeliveryId, UserId
from domain.notification.delivery import Delivery
from domain.notification.feed import Feed
from domain.notification.preference import Preferences
from domain.notification.sequence import StepSent
from domain.notification.topic import Topic


class DeliveryRepository(Protocol):
    async def add(self, delivery: Delivery) -> bool:
        """False when its key is known: the news is on its way or has gone already."""
        ...

    async def get(self, delivery_id: DeliveryId) -> Delivery:
        """Raises NotFound."""
        ...

    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[Delivery]:
        """Queued ones that are due, oldest first, hidden from other claimers until the lease ends. Counts the
        attempt.
        """
        ...

    async def save(self, delivery: Delivery) -> None:
        """Stores what became of a claimed one. Raises StaleWrite when it was claimed again in between (by its
        ``attempts``) or is not queued any more; a revived one is saved from dead, a replaced one from sent too.
        """
        ...

    async def knows(self, booking_id: BookingId, topic: Topic) -> bool:
        """Whether anybody was to be told this about that lesson."""
        ...

    async def due_together(self, recipient_id: UserId, *, now: datetime, lease: timedelta) -> Sequence[Delivery]:
        """The recipient's other gathered messages that are due, claimed as ``claim`` does."""
        ...

    async def read_notes(self, recipient_id: UserId, *, at: datetime) -> int:
        """Marks all notes of somebody as read; how many were not."""
        ...


class PreferenceRepository(Protocol):
    async def of(self, user_id: UserId) -> Preferences:
        """The defaults for somebody who has chosen nothing."""
        ...

    async def save(self, preferences: Preferences) -> None: ...


class StepRepository(Protocol):
    async def add(self, sent: StepSent) -> bool:
        """False when that step was sent to that person before."""
        ...


class FeedRepository(Protocol):
    async def add(self, feed: Feed) -> None: ...

    async def by_token(self, token_hash: bytes) -> Feed | None:
        """Revoked ones are not found."""
        ...

    async def live_of(self, user_id: UserId) -> Feed | None: ...

    async def revoke(self, user_id: UserId, *, at: datetime) -> int:
        """How many there were."""
        ...
