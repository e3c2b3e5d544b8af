"""Lessons as people look at them: lists, one lesson, a teacher's week, an admin's search."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from domain.booking.booking import Kind, Status
from domain.booking.series import Scope
from domain.identity.actor import Party
from domain.ids import BookingId, PaymentId, ProposalId, SeriesId, UserId
from domain.money import Money
from domain.time import TimeSlot
from ports.paging import Page


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two people, as the other may see them: no address, no number. (SAFE-06)"""

    id: UserId
    name: str
    zone: str


class LessonView(msgspec.Struct, frozen=True, kw_only=True):
    id: BookingId
    starts_at: datetime
    ends_at: datetime
    status: Status
    kind: Kind
    price: Money
    learner: Side
    qari: Side
    payer_id: UserId
    created_at: datetime
    hold_expires_at: datetime | None
    series_id: SeriesId | None
    series_index: int | None
    payment_id: PaymentId | None
    moves: int
    note: str
    reason: str
    policy_version: int

    @property
    def slot(self) -> TimeSlot:
        return TimeSlot(self.starts_at, self.ends_at)

    @property
    def minutes(self) -> int:
        return self.slot.minutes


class ProposalView(msgspec.Struct, frozen=True, kw_only=True):
    """An open one."""

    id: ProposalId
    booking_id: BookingId
    by: Party
    starts_at: datetime
    ends_at: datetime
    scope: Scope
    answer_by: datetime


class Tense(StrEnum):
    """Upcoming: has not ended and still stands or waits. Past: everything else, newest first."""

    UPCOMING = "upcoming"
    PAST = "past"


class BookingFilter(msgspec.Struct, frozen=True, kw_only=True):
    """For staff. ``text`` is part of a name on either side; ``starts_from``/``starts_until`` bound the start."""

    statuses: tuple[Status, ...] = ()
    qari_id: UserId | None = None
    learner_id: UserId | None = None
    text: str = ""
    starts_from: datetime | None = None
    starts_until: datetime | None = None
    outcome_missing: bool = False


class BookingQueries(Protocol):
    async def lessons_of(
        self,
        learner_ids: Sequence[UserId],
        tense: Tense,
        *,
        now: datetime,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[LessonView]:
        """Those that any of them learns in. Raises BadCursor."""
        ...

    async def lesson(self, booking_id: BookingId) -> LessonView | None: ...

    async def lesson_and_proposal(self, booking_id: BookingId) -> tuple[LessonView, ProposalView | None] | None:
        """With the open proposal about it, in one look."""
        ...

    async def of_series(self, series_id: SeriesId) -> Sequence[LessonView]:
        """In order of time."""
        ...

    async def proposal(self, booking_id: BookingId) -> ProposalView | None:
        """The open one."""
        ...

    async def agenda(self, qari_id: UserId, window: TimeSlot) -> Sequence[LessonView]:
        """What the Qari teaches or is held for in that window, in order of time; given up lessons are left out."""
        ...

    async def requests_to(self, qari_id: UserId) -> Sequence[LessonView]:
        """Waiting for his yes or no, soonest lesson first."""
        ...

    async def outcome_missing(self, qari_id: UserId, *, now: datetime, limit: int = 50) -> Sequence[LessonView]:
        """Lessons that have ended, and nobody has said how. Oldest first."""
        ...

    async def search(
        self, wanted: BookingFilter, *, now: datetime, cursor: str | None = None, limit: int = 50
    ) -> Page[LessonView]:
        """Latest start first. Raises BadCursor."""
        ...
