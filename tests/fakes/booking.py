"""Lessons in memory, with the same refusals as the database's constraints, and builders."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.booking.booking import WAITING, Booking, Kind, Status
from domain.booking.errors import LearnerBusy, ProposalOpen, SlotTaken, TrialUsed
from domain.booking.policy import PolicyRow
from domain.booking.proposal import Proposal, ProposalStatus
from domain.booking.series import Series
from domain.errors import Conflict, NotFound, StaleWrite
from domain.ids import BookingId, ProposalId, SeriesId, UserId
from domain.money import Money
from domain.time import TimeSlot
from fakes.clock import NOON
from fakes.scheduling import QARI

LEARNER: Final = UserId(UUID("01980000-0000-7000-8000-00000000bbbb"))
OTHER_LEARNER: Final = UserId(UUID("01980000-0000-7000-8000-00000000cccc"))
GONE: Final = frozenset({Status.CANCELLED, Status.EXPIRED, Status.REFUNDED})


def a_booking(**given: Any) -> Booking:
    """A hold for a lesson of half an hour, two days after noon."""
    number = given.pop("number", 1)
    start = given.pop("start", NOON + timedelta(days=2))
    fields: dict[str, Any] = {
        "id": BookingId(UUID(int=0x01980000_0000_7000_9000_000000000000 + number)),
        "learner_id": LEARNER,
        "payer_id": given.get("learner_id", LEARNER),
        "qari_id": QARI,
        "slot": TimeSlot.lasting(start, given.pop("minutes", 30)),
        "price": Money(900, "USD"),
        "policy_version": 0,
        "created_at": NOON,
        "status": Status.HELD,
        "hold_expires_at": NOON + timedelta(minutes=15),
    }
    return Booking(**(fields | given))


def a_confirmed(**given: Any) -> Booking:
    return a_booking(status=Status.CONFIRMED, hold_expires_at=None, **given)


class MemoryBookings:
    def __init__(self, shelf: dict[BookingId, Booking]) -> None:
        self._shelf = shelf

    async def get(self, booking_id: BookingId) -> Booking:
        if booking_id not in self._shelf:
            raise NotFound("there is no such lesson")
        return self._shelf[booking_id]

    async def get_all(self, booking_ids: Collection[BookingId]) -> Sequence[Booking]:
        return [await self.get(booking_id) for booking_id in sorted(set(booking_ids))]

    async def find(self, booking_id: BookingId) -> Booking | None:
        return self._shelf.get(booking_id)

    async def hold(self, booking: Booking) -> bool:
        if booking.id in self._shelf or self._refusal(booking) is not None:
            return False
        self._shelf[booking.id] = booking
        return True

    async def save(self, *bookings: Booking) -> None:
        for booking in bookings:
            self._save(booking)

    def _save(self, booking: Booking) -> None:
        known = self._shelf.get(booking.id)
        if known is None or known.version != booking.version - 1:
            raise StaleWrite(f"lesson {booking.id} is not at version {booking.version - 1}")
        refusal = self._refusal(booking)
        if refusal is not None:
            raise refusal
        self._shelf[booking.id] = booking

    async def reoccupy(self, booking: Booking) -> bool:
        try:
            await self.save(booking)
        except (SlotTaken, LearnerBusy, TrialUsed):
            return False
        return True

    async def move(self, bookings: Sequence[Booking]) -> None:
        before = dict(self._shelf)
        for booking in bookings:
            self._shelf.pop(booking.id, None)
        moved: dict[BookingId, Booking] = {}
        for booking in bookings:
            known = before.get(booking.id)
            if known is None or known.version != booking.version - 1:
                raise StaleWrite(f"lesson {booking.id} is not at version {booking.version - 1}")
            refusal = self._refusal(booking)
            if refusal is not None:
                raise refusal
            moved[booking.id] = self._shelf[booking.id] = booking

    async def of_series(self, series_id: SeriesId) -> Sequence[Booking]:
        found = [booking for booking in self._shelf.values() if booking.series_id == series_id]
        return sorted(found, key=lambda booking: booking.series_index or 0)

    async def busy_of_learner(self, learner_id: UserId, window: TimeSlot) -> Sequence[Booking]:
        found = [b for b in self._occupying() if b.learner_id == learner_id and b.slot.overlaps(window)]
        return sorted(found, key=lambda booking: booking.slot)

    async def trial_of(self, learner_id: UserId, qari_id: UserId) -> Booking | None:
        for booking in self._shelf.values():
            theirs = (booking.learner_id, booking.qari_id) == (learner_id, qari_id)
            if theirs and booking.kind is Kind.TRIAL and booking.status not in GONE:
                return booking
        return None

    async def learners_of(self, qari_id: UserId) -> Sequence[UserId]:
        known = (Status.CONFIRMED, Status.COMPLETED)
        return list(
            {each.learner_id for each in self._shelf.values() if each.qari_id == qari_id and each.status in known}
        )

    async def expired_holds(self, now: datetime, limit: int) -> Sequence[Booking]:
        due = [
            (booking.hold_expires_at, booking.id, booking)
            for booking in self._shelf.values()
            if booking.status in WAITING and booking.hold_expires_at is not None and booking.hold_expires_at <= now
        ]
        return [booking for _, _, booking in sorted(due, key=lambda found: found[:2])[:limit]]

    async def lock_qari(self, qari_id: UserId) -> None:
        """One unit at a time anyway."""

    def _occupying(self) -> list[Booking]:
        return [booking for booking in self._shelf.values() if booking.occupies]

    def _refusal(self, booking: Booking) -> Conflict | None:
        others = [other for other in self._shelf.values() if other.id != booking.id]
        if booking.kind is Kind.TRIAL and booking.status not in GONE:
            for other in others:
                same = (other.learner_id, other.qari_id) == (booking.learner_id, booking.qari_id)
                if same and other.kind is Kind.TRIAL and other.status not in GONE:
                    return TrialUsed("there has been a trial with this Qari already")
        if not booking.occupies:
            return None
        for other in others:
            if not other.occupies:
                continue
            if other.qari_id == booking.qari_id and other.qari_busy.overlaps(booking.qari_busy):
                return SlotTaken("this time has just been taken")
            if other.learner_id == booking.learner_id and other.slot.overlaps(booking.slot):
                return LearnerBusy("the learner has another lesson at that time")
        return None


class MemorySeries:
    def __init__(self, shelf: dict[SeriesId, Series]) -> None:
        self._shelf = shelf

    async def get(self, series_id: SeriesId) -> Series:
        if series_id not in self._shelf:
            raise NotFound("there is no such series")
        return self._shelf[series_id]

    async def find(self, series_id: SeriesId) -> Series | None:
        return self._shelf.get(series_id)

    async def add(self, series: Series) -> None:
        if series.id in self._shelf:
            raise Conflict("there is a series with this id")
        self._shelf[series.id] = series

    async def save(self, series: Series) -> None:
        known = self._shelf.get(series.id)
        if known is None or known.version != series.version - 1:
            raise StaleWrite(f"series {series.id} is not at version {series.version - 1}")
        self._shelf[series.id] = series


class MemoryProposals:
    def __init__(self, shelf: dict[ProposalId, Proposal]) -> None:
        self._shelf = shelf

    async def get(self, proposal_id: ProposalId) -> Proposal:
        if proposal_id not in self._shelf:
            raise NotFound("there is no such proposal")
        return self._shelf[proposal_id]

    async def add(self, proposal: Proposal) -> None:
        if await self.open_of(proposal.booking_id) is not None or proposal.id in self._shelf:
            raise ProposalOpen("another change of this lesson waits for its answer")
        self._shelf[proposal.id] = proposal

    async def save(self, proposal: Proposal) -> None:
        known = self._shelf.get(proposal.id)
        if known is None or known.version != proposal.version - 1:
            raise StaleWrite(f"proposal {proposal.id} is not at version {proposal.version - 1}")
        self._shelf[proposal.id] = proposal

    async def open_of(self, booking_id: BookingId) -> Proposal | None:
        for proposal in self._shelf.values():
            if proposal.booking_id == booking_id and proposal.status is ProposalStatus.OPEN:
                return proposal
        return None

    async def unanswered(self, now: datetime, limit: int) -> Sequence[Proposal]:
        due = [p for p in self._shelf.values() if p.status is ProposalStatus.OPEN and p.answer_by <= now]
        return sorted(due, key=lambda proposal: proposal.answer_by)[:limit]


class MemoryPolicies:
    def __init__(self, shelf: dict[tuple[str, int], PolicyRow]) -> None:
        self._shelf = shelf

    async def current(self, kind: str, at: datetime) -> PolicyRow | None:
        found = [row for row in self._shelf.values() if row.kind == kind and row.effective_from <= at]
        return max(found, key=lambda row: row.version, default=None)

    async def version(self, kind: str, version: int) -> PolicyRow | None:
        return self._shelf.get((kind, version))

    async def history(self, kind: str, *, below: int | None = None, limit: int = 20) -> Sequence[PolicyRow]:
        found = [row for row in self._shelf.values() if row.kind == kind and (below is None or row.version < below)]
        return sorted(found, key=lambda row: -row.version)[:limit]

    async def add(self, row: PolicyRow) -> None:
        if (row.kind, row.version) in self._shelf:
            raise Conflict("version {version} of these rules exists", version=row.version, kind=row.kind)
        self._shelf[row.kind, row.version] = row


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    fakes: dict[str, Callable[[dict[Any, Any]], Any]] = {
        "bookings": MemoryBookings,
        "series": MemorySeries,
        "proposals": MemoryProposals,
        "policies": MemoryPolicies,
    }
    return fakes[part](shelf(part))
