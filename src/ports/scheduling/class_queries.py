"""When people are in group classes, for their pages and calendars. (LIVE-13)"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from domain.ids import GroupClassId, OccurrenceId, UserId
from domain.scheduling.group_class import OccurrenceStatus
from domain.scheduling.subject import Subject
from domain.time import TimeSlot


class ClassTime(msgspec.Struct, frozen=True, kw_only=True):
    """``learners``: those of the people asked about who are members, by name; ``taken``: how many members there are.
    ``sequence`` counts the changes that a calendar has to hear of. ``created_at`` is the class's.
    """

    id: OccurrenceId
    class_id: GroupClassId
    title: str
    subject: Subject
    qari_id: UserId
    qari_name: str
    qari_zone: str
    starts_at: datetime
    ends_at: datetime
    status: OccurrenceStatus
    sequence: int
    taken: int
    learners: tuple[tuple[UserId, str], ...]
    created_at: datetime

    @property
    def slot(self) -> TimeSlot:
        return TimeSlot(self.starts_at, self.ends_at)

    @property
    def stands(self) -> bool:
        return self.status is OccurrenceStatus.PLANNED


class ClassQueries(Protocol):
    async def times_of(self, people: Sequence[UserId], window: TimeSlot) -> Sequence[ClassTime]:
        """Of the classes that one of them teaches or is a member of: those that touch the window, cancelled ones too,
        in order of time.
        """
        ...
