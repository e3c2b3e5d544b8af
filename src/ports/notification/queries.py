"""What a message needs to know of other contexts, read at the moment of sending."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from domain.identity.permission import Role
from domain.ids import BookingId, DeliveryId, PaymentId, SeriesId, UserId
from domain.money import Money
from domain.time import TimeSlot
from ports.paging import Page


class Person(msgspec.Struct, frozen=True, kw_only=True):
    user_id: UserId
    name: str
    email: str
    zone: str
    locale: str


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """``status`` is the booking's; ``sequence`` counts the changes that a calendar has to hear of. ``created_at`` is
    the booking's.
    """

    booking_id: BookingId
    starts_at: datetime
    ends_at: datetime
    status: str
    sequence: int
    price: Money
    learner: Person
    qari: Person
    payer_id: UserId
    created_at: datetime


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    """For the admin page: no address and no text."""

    id: DeliveryId
    topic: str
    status: str
    attempts: int
    error: str
    created_at: datetime
    sent_at: datetime | None


class NoteRow(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of news on somebody's pages."""

    id: DeliveryId
    topic: str
    event: str
    booking_id: BookingId | None
    created_at: datetime
    read_at: datetime | None


class Beginner(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose address is proven ``since`` then, and who has had no lesson yet. ``done``: letters he has had."""

    user_id: UserId
    role: Role
    since: datetime
    done: tuple[str, ...]


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """``status`` of the letter's delivery."""

    step: str
    at: datetime
    status: str


class NotificationQueries(Protocol):
    async def notes(self, user_id: UserId, *, cursor: str | None = None, limit: int = 30) -> Page[NoteRow]:
        """Newest first. Raises BadCursor."""
        ...

    async def unread_notes(self, user_id: UserId) -> int: ...

    async def beginners(
        self, since: datetime, until: datetime, *, after: UserId | None, limit: int
    ) -> Sequence[Beginner]:
        """Whose address was proven in ``[since, until]`` and who have neither learned nor taught a lesson, in order of
        their ids.
        """
        ...

    async def steps_of(self, user_id: UserId) -> Sequence[StepRow]:
        """Oldest first."""
        ...

    async def person(self, user_id: UserId) -> Person | None: ...

    async def lesson(self, booking_id: BookingId) -> Lesson | None: ...

    async def lessons(self, booking_ids: Sequence[BookingId]) -> Sequence[Lesson]:
        """In order of time; unknown ids are left out."""
        ...

    async def class_time(self, lesson_id: BookingId) -> datetime | None:
        """When that time of a class begins; None when it is not held."""
        ...

    async def confirmed_of_series(self, series_id: SeriesId, payment_id: PaymentId | None) -> Sequence[Lesson]:
        """Those that stand and were paid together, in order of time."""
        ...

    async def starting(self, window: TimeSlot, limit: int = 1000) -> Sequence[Lesson]:
        """Confirmed lessons that start in the window, soonest first."""
        ...

    async def calendar_of(self, user_id: UserId, *, since: datetime) -> Sequence[Lesson]:
        """Lessons somebody learns, pays for or teaches that end after ``since`` and were confirmed at some time:
        cancelled ones too, so that they can be marked. In order of time.
        """
        ...

    async def deliveries(self, *, status: str = "", cursor: str | None = None, limit: int = 50) -> Page[DeliveryRow]:
        """Newest first. Raises BadCursor."""
        ...
