"""Qaris, their calendars, and what keeps them busy, inside one unit of work."""

from collections.abc import Sequence
from typing import Protocol

from domain.ids import BookingId, UserId
from domain.scheduling.calendar import Calendar
from domain.scheduling.qari import Gender, QariProfile
from domain.scheduling.slots import Busy
from domain.time import TimeSlot
from ports.scheduling.meetings import MeetingRepository

__all__ = ["AvailabilityRepository", "MeetingRepository", "QariRepository"]


class QariRepository(Protocol):
    async def get(self, qari_id: UserId) -> QariProfile:
        """With his offers. Raises NotFound."""
        ...

    async def add(self, profile: QariProfile) -> None:
        """With an empty calendar. Raises Conflict for a known id; the unit is then only good for leaving."""
        ...

    async def save(self, profile: QariProfile) -> None:
        """Profile and offers. Raises NotFound."""
        ...

    async def learner_gender(self, learner_id: UserId) -> Gender | None:
        """For ``QariProfile.require_learner``. None where the learner has not said. (DISC-12)"""
        ...

    async def set_learner_gender(self, learner_id: UserId, gender: Gender | None) -> None: ...


class AvailabilityRepository(Protocol):
    async def get(self, qari_id: UserId) -> Calendar:
        """Raises NotFound."""
        ...

    async def lock(self, qari_id: UserId) -> Calendar:
        """Like ``get``; others who lock it wait until the unit ends, so that no edit is lost. Raises NotFound."""
        ...

    async def save(self, calendar: Calendar) -> None:
        """All of it but the zone, which belongs to the profile. Raises NotFound."""
        ...

    async def busy(self, qari_id: UserId, window: TimeSlot, *, without: Sequence[BookingId] = ()) -> Sequence[Busy]:
        """Every lesson that the slot engine has to know of to answer for that window (caps need the weeks around it),
        and what keeps him busy in his other calendars (DISC-06), in order of time. ``without`` leaves out the lessons
        that are to be moved.
        """
        ...

    async def around(self, qari_id: UserId, slot: TimeSlot) -> Sequence[Busy]:
        """The same for one lesson at that time and no other: what it may meet, and what counts towards the caps."""
        ...
