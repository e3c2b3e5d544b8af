"""Group classes, their times, members and attendance lists, inside one unit of work. (LIVE-13)"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.ids import BookingId, GroupClassId, OccurrenceId, UserId
from domain.scheduling.group_class import GroupClass, Mark, Member, Occurrence
from domain.time import TimeSlot


class GroupClassRepository(Protocol):
    async def add(self, group_class: GroupClass) -> bool:
        """False where that id is known already; nothing is stored then."""
        ...

    async def get(self, class_id: GroupClassId) -> GroupClass:
        """Raises NotFound."""
        ...

    async def save(self, group_class: GroupClass) -> None:
        """Stores the next version. Raises StaleWrite unless ``version - 1`` is what is stored."""
        ...

    async def of_qari(self, qari_id: UserId) -> Sequence[GroupClass]:
        """Newest first."""
        ...

    async def of_learners(self, learner_ids: Sequence[UserId]) -> Sequence[GroupClass]:
        """Of which one of them is a member, newest first."""
        ...

    async def newest(self, limit: int) -> Sequence[GroupClass]: ...

    async def to_advance(self, now: datetime, limit: int) -> Sequence[GroupClassId]:
        """Open ones whose first occurrence has begun, and standing ones of which nothing is left."""
        ...

    async def plan(self, occurrences: Sequence[Occurrence]) -> None:
        """All of one Qari. Raises SlotTaken where he holds a lesson or another class, and LearnerBusy where one of the
        members does, with his id in ``learner_id``; the unit is then only good for leaving. Nobody can take these
        times until the unit ends.
        """
        ...

    async def occurrences(self, class_id: GroupClassId) -> Sequence[Occurrence]:
        """In order of time, cancelled ones too."""
        ...

    async def occurrence(self, lesson_id: BookingId | OccurrenceId) -> Occurrence | None: ...

    async def save_occurrence(self, occurrence: Occurrence) -> None:
        """Raises StaleWrite, and what ``plan`` does."""
        ...

    async def starting(self, window: TimeSlot) -> Sequence[Occurrence]:
        """Those that stand and begin in the window, in order of time."""
        ...

    async def busy_of_learner(self, learner_id: UserId, window: TimeSlot) -> Sequence[Occurrence]:
        """Those of his classes that stand and touch the window, in order of time."""
        ...

    async def members(self, class_id: GroupClassId) -> Sequence[Member]:
        """In the order in which they came."""
        ...

    async def join(self, member: Member) -> bool:
        """False for one who is a member already. Raises LearnerBusy where he has a lesson or another class at a time
        that is still to come; the unit is then only good for leaving.
        """
        ...

    async def leave(self, class_id: GroupClassId, learner_id: UserId) -> bool:
        """False for one who is none."""
        ...

    async def mark(self, mark: Mark) -> None:
        """Instead of what was said of him before."""
        ...

    async def marks(self, occurrence_id: OccurrenceId) -> Sequence[Mark]: ...
