"""Messages to be sent and the calendar feeds that people have opened."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from domain.ids import BookingId, DeliveryId, UserId
from domain.notification.delivery import Delivery
from domain.notification.feed import Feed
from domain.notification.preference import Preferences
from domain.notification.sequence import StepSent
from domain.notification.topic import Topic
from domain.notification.whatsapp import Consent, Contact
from ports.notification.whatsapp import Progress


class DeliveryRepository(Protocol):
    async def add(self, *deliveries: Delivery) -> int:
        """How many were new: where the key is known, the news is on its way or has gone already."""
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

    async def of_all(self, people: Collection[UserId]) -> Mapping[UserId, Preferences]:
        """One for each of them, as ``of``."""
        ...

    async def save(self, preferences: Preferences) -> None: ...


class ContactRepository(Protocol):
    """Numbers at WhatsApp, what was agreed to, and how far messages have come. (NOTI-02)"""

    async def of(self, user_id: UserId) -> Contact | None: ...

    async def by_number(self, number: str) -> Sequence[Contact]:
        """A family may share one."""
        ...

    async def reachable(self, people: Collection[UserId]) -> frozenset[UserId]:
        """Those whose number is proven and may be written to."""
        ...

    async def save(self, contact: Contact) -> None:
        """Stores the next version, or the first one. Raises StaleWrite."""
        ...

    async def note(self, consent: Consent) -> None:
        """Kept for good: what was said, and when."""
        ...

    async def consents(self, user_id: UserId) -> Sequence[Consent]:
        """Oldest first."""
        ...

    async def advance(self, delivery_id: DeliveryId, progress: Progress) -> bool:
        """Notes how far that message has come; false when it is no news. (See ``goes_on``.)"""
        ...


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
