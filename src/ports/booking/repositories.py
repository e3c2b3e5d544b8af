"""What the use cases need kept about lessons. All of it happens inside one unit of work."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from domain.booking.booking import Booking
from domain.booking.policy import PolicyRow
from domain.booking.proposal import Proposal
from domain.booking.series import Series
from domain.ids import BookingId, ProposalId, SeriesId, UserId
from domain.time import TimeSlot


class BookingRepository(Protocol):
    async def get(self, booking_id: BookingId) -> Booking:
        """Raises NotFound."""
        ...

    async def get_all(self, booking_ids: Collection[BookingId]) -> Sequence[Booking]:
        """In the order of their ids. Raises NotFound when one of them is missing."""
        ...

    async def find(self, booking_id: BookingId) -> Booking | None: ...

    async def hold(self, booking: Booking) -> bool:
        """Adds a new booking. False when its id, the Qari's time, the learner's time or his trial is taken already;
        nothing is stored then and the unit goes on. Waits for a rival that is about to commit.
        """
        ...

    async def save(self, *bookings: Booking) -> None:
        """Stores the next version of each. Raises StaleWrite unless ``booking.version - 1`` is what is stored;
        SlotTaken, LearnerBusy when the new state takes a time that is gone. After an error the unit is only good for
        leaving.
        """
        ...

    async def reoccupy(self, booking: Booking) -> bool:
        """Like ``save`` for a booking that takes its time (again): False when it is gone, and the unit goes on."""
        ...

    async def move(self, bookings: Sequence[Booking]) -> None:
        """Like ``save`` for lessons that change their times together, even into each other's old ones."""
        ...

    async def of_series(self, series_id: SeriesId) -> Sequence[Booking]:
        """In the order of the series, whatever their status."""
        ...

    async def busy_of_learner(self, learner_id: UserId, window: TimeSlot) -> Sequence[Booking]:
        """The lessons that occupy the learner and touch the window, in order of time. What keeps a Qari busy is asked
        of ``unit.availability``.
        """
        ...

    async def trial_of(self, learner_id: UserId, qari_id: UserId) -> Booking | None:
        """The one that counts: neither cancelled, expired nor refunded."""
        ...

    async def learners_of(self, qari_id: UserId) -> Sequence[UserId]:
        """Those who have had a lesson with him, or are going to; in no order."""
        ...

    async def expired_holds(self, now: datetime, limit: int) -> Sequence[Booking]:
        """Waiting bookings whose time to pay or to answer is over; hidden from other sweepers in this unit."""
        ...

    async def lock_qari(self, qari_id: UserId) -> None:
        """Until the unit ends, others who lock this Qari wait: for rules that count lessons, and for moves."""
        ...


class SeriesRepository(Protocol):
    async def get(self, series_id: SeriesId) -> Series:
        """Raises NotFound."""
        ...

    async def find(self, series_id: SeriesId) -> Series | None: ...

    async def add(self, series: Series) -> None:
        """Raises Conflict for a known id."""
        ...

    async def save(self, series: Series) -> None:
        """Raises StaleWrite."""
        ...


class ProposalRepository(Protocol):
    async def get(self, proposal_id: ProposalId) -> Proposal:
        """Raises NotFound."""
        ...

    async def add(self, proposal: Proposal) -> None:
        """Raises ProposalOpen while another one of the same lesson is open."""
        ...

    async def save(self, proposal: Proposal) -> None:
        """Raises StaleWrite."""
        ...

    async def open_of(self, booking_id: BookingId) -> Proposal | None: ...

    async def unanswered(self, now: datetime, limit: int) -> Sequence[Proposal]:
        """Open ones whose ``answer_by`` is over; hidden from other sweepers in this unit."""
        ...


class PolicyRepository(Protocol):
    """Versioned rules of any kind; their bodies are JSON that only their context reads."""

    async def current(self, kind: str, at: datetime) -> PolicyRow | None:
        """The latest version that is in effect at that time."""
        ...

    async def version(self, kind: str, version: int) -> PolicyRow | None: ...

    async def history(self, kind: str, *, below: int | None = None, limit: int = 20) -> Sequence[PolicyRow]:
        """Latest version first; those under ``below``. What takes effect later is among them."""
        ...

    async def add(self, row: PolicyRow) -> None:
        """Raises Conflict when that version exists."""
        ...
