"""What people see of Qaris before they book."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from domain.booking.needs import Needs
from domain.ids import BookingId, UserId
from domain.money import Money
from domain.scheduling.calendar import Calendar
from domain.scheduling.qari import BookingMode, Gender, LessonOffer, Riwayah
from domain.scheduling.slots import Busy
from domain.scheduling.subject import ReadingLevel, Subject
from domain.time import TimeSlot
from ports.paging import Page


class QariOrder(StrEnum):
    NEXT_FREE = "next_free"
    PRICE = "price"
    NAME = "name"


class QariFilters(msgspec.Struct, frozen=True, kw_only=True):
    """All of them must hold. ``max_price`` asks for a lesson (of ``minutes``, or of any length) at that price or less,
    in that currency. ``learner``: only those who teach learners of that gender. ``text``: each of its words stands in
    the name or the description, however it is spelt (vowel signs, forms of alef, ya and ta marbuta). ``needs``: only
    those whom this learner can book. There is no rating before there are reviews.
    """

    text: str = ""
    subject: Subject | None = None
    level: ReadingLevel | None = None
    language: str | None = None
    gender: Gender | None = None
    riwayah: Riwayah | None = None
    max_price: Money | None = None
    minutes: int | None = None
    learner: Gender | None = None
    needs: Needs | None = None
    order: QariOrder = QariOrder.NEXT_FREE
    limit: int = 24


class QariCard(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """``price`` is that of the lesson asked for, else of the shortest one within ``max_price``; ``minutes`` says which.
    ``next_free`` is None when nothing is free in the window that was searched.
    """

    user_id: UserId
    name: str
    gender: Gender
    languages: tuple[str, ...]
    riwayat: tuple[Riwayah, ...]
    subjects: tuple[Subject, ...]
    levels: tuple[ReadingLevel, ...]
    country: str
    zone: str
    booking_mode: BookingMode
    minutes: int
    price: Money
    trial_price: Money | None
    next_free: TimeSlot | None


class QariPage(msgspec.Struct, frozen=True, kw_only=True):
    """One approved Qari with all that the slot engine needs to know of him."""

    user_id: UserId
    name: str
    gender: Gender
    teaches_genders: tuple[Gender, ...]
    languages: tuple[str, ...]
    riwayat: tuple[Riwayah, ...]
    subjects: tuple[Subject, ...]
    levels: tuple[ReadingLevel, ...]
    bio: str
    country: str
    zone: str
    booking_mode: BookingMode
    request_holds_slot: bool
    offers: tuple[LessonOffer, ...]
    calendar: Calendar
    busy: tuple[Busy, ...]


class LessonAhead(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson that occupies a Qari, as his own calendar shows it."""

    booking_id: BookingId
    slot: TimeSlot
    status: str


class QariDirectory(Protocol):
    async def search(
        self, filters: QariFilters, window: TimeSlot, *, now: datetime, cursor: str | None = None
    ) -> Page[QariCard]:
        """Approved Qaris with an offer, in one query round. ``window`` is where the next free slot is looked for.
        Raises BadCursor.
        """
        ...

    async def listed(self) -> Sequence[UserId]:
        """All who can be found at all, in no order of merit."""
        ...

    async def page(self, qari_id: UserId, window: TimeSlot) -> QariPage:
        """``busy`` covers the window. Raises NotFound, for a Qari who is not approved or has no offer too."""
        ...

    async def lessons(self, qari_id: UserId, window: TimeSlot) -> list[LessonAhead]:
        """What occupies him in the window, in order of time."""
        ...
