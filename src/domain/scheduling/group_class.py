"""A class of several learners that comes again every week, on the same wall clock all year. (LIVE-13)

The class is the plan and its members; what is taught are its occurrences, each with a time, a live class, reminders
and an attendance list of its own.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.errors import Conflict, Invalid
from domain.ids import BookingId, GroupClassId, OccurrenceId, UserId
from domain.machine import Lifecycle
from domain.scheduling.subject import Subject
from domain.time import TimeSlot, instant, zone_of

MOST_OCCURRENCES: Final = 200
MOST_MEMBERS: Final = 200
MOST_WEEKS: Final = 52


class ClassFull(Conflict):
    code = "class_full"


class ClassOver(Conflict):
    code = "class_over"


class Status(StrEnum):
    """``DRAFT``: nobody is kept busy by it. ``OPEN``: its times are taken, and learners join. ``RUNNING``: the first
    one has begun.
    """

    DRAFT = "draft"
    OPEN = "open"
    RUNNING = "running"
    ENDED = "ended"
    CANCELLED = "cancelled"


TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.DRAFT: frozenset({Status.OPEN, Status.CANCELLED}),
    Status.OPEN: frozenset({Status.RUNNING, Status.ENDED, Status.CANCELLED}),
    Status.RUNNING: frozenset({Status.ENDED, Status.CANCELLED}),
    Status.ENDED: frozenset(),
    Status.CANCELLED: frozenset(),
}
LIFECYCLE: Final = Lifecycle("group class", TRANSITIONS, start=frozenset({Status.DRAFT}))
STANDING: Final = frozenset({Status.OPEN, Status.RUNNING})


class OccurrenceStatus(StrEnum):
    PLANNED = "planned"
    CANCELLED = "cancelled"


OCCURRENCE_TRANSITIONS: Final[Mapping[OccurrenceStatus, frozenset[OccurrenceStatus]]] = {
    OccurrenceStatus.PLANNED: frozenset({OccurrenceStatus.CANCELLED}),
    OccurrenceStatus.CANCELLED: frozenset(),
}
OCCURRENCE_LIFECYCLE: Final = Lifecycle(
    "class occurrence", OCCURRENCE_TRANSITIONS, start=frozenset({OccurrenceStatus.PLANNED})
)


class Attendance(StrEnum):
    PRESENT = "present"
    LATE = "late"
    ABSENT = "absent"
    EXCUSED = "excused"


class GroupClass(msgspec.Struct, frozen=True, kw_only=True):
    """``weekdays``: 0 is Monday; ``weeks``: how many, from the week of ``first_date`` on. ``wall`` is what the clocks
    of ``zone`` show at the start.
    """

    id: GroupClassId
    qari_id: UserId
    title: str
    subject: Subject
    zone: str
    first_date: date
    wall: time
    weekdays: tuple[int, ...]
    weeks: int
    minutes: int
    capacity: int
    created_at: datetime
    status: Status = Status.DRAFT
    reason: str = ""
    version: int = 1

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if not self.title.strip() or len(self.title) > 120:
            raise Invalid("a class has a title of at most 120 characters", field="title")
        if not self.weekdays or any(not 0 <= day <= 6 for day in self.weekdays):
            raise Invalid("choose at least one day of the week", field="weekdays")
        if not 1 <= self.weeks <= MOST_WEEKS or len(self.weekdays) * self.weeks > MOST_OCCURRENCES:
            raise Invalid("a class lasts 1 to {most} weeks", most=MOST_WEEKS, field="weeks")
        if not 10 <= self.minutes <= 240:
            raise Invalid("a class lasts 10 to 240 minutes each time", field="minutes")
        if not 1 <= self.capacity <= MOST_MEMBERS:
            raise Invalid("a class has room for 1 to {most} learners", most=MOST_MEMBERS, field="capacity")

    @property
    def stands(self) -> bool:
        return self.status in STANDING

    def planned(self) -> list[TimeSlot]:
        """In order. Days before ``first_date`` in its week are left out and made up for at the end, so that Mon, Wed
        and Fri for four weeks are twelve times whatever day it begins on. A change of the clocks moves no wall time.
        """
        wanted, day = len(set(self.weekdays)) * self.weeks, self.first_date
        slots: list[TimeSlot] = []
        while len(slots) < wanted:
            if day.weekday() in self.weekdays:
                slots.append(TimeSlot.lasting(instant(day, self.wall, self.zone), self.minutes))
            day += timedelta(days=1)
        return slots

    def open(self) -> "GroupClass":
        return self._to(Status.OPEN)

    def begin(self) -> "GroupClass":
        return self._to(Status.RUNNING)

    def end(self) -> "GroupClass":
        return self._to(Status.ENDED)

    def cancel(self, reason: str) -> "GroupClass":
        if not reason.strip():
            raise Invalid("say why the class is cancelled", field="reason")
        return self._to(Status.CANCELLED, reason=reason.strip())

    def with_member_change(self, members: int) -> "GroupClass":
        """``members``: how many there will be. The version counts, so that two who take the last place are two
        writers. Raises ClassFull, ClassOver.
        """
        if self.status in (Status.ENDED, Status.CANCELLED):
            raise ClassOver("the class is over")
        if members > self.capacity:
            raise ClassFull("the class is full", capacity=self.capacity)
        return msgspec.structs.replace(self, version=self.version + 1)

    def _to(self, status: Status, **changes: Any) -> "GroupClass":
        step = LIFECYCLE.step(self.status, status)
        return msgspec.structs.replace(self, status=step, version=self.version + 1, **changes)


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """One time at which the class is taught. ``moved``: not where the plan had it."""

    id: OccurrenceId
    class_id: GroupClassId
    qari_id: UserId
    index: int
    slot: TimeSlot
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    status: OccurrenceStatus = OccurrenceStatus.PLANNED
    moved: bool = False
    reason: str = ""
    version: int = 1

    @property
    def lesson_id(self) -> BookingId:
        """What its live class is kept under, among those of the lessons."""
        return BookingId(self.id)

    @property
    def stands(self) -> bool:
        return self.status is OccurrenceStatus.PLANNED

    @property
    def qari_busy(self) -> TimeSlot:
        return self.slot.padded(self.buffer_before_min, self.buffer_after_min)

    def move(self, to: TimeSlot, *, at: datetime) -> "Occurrence":
        """Raises ClassOver, Invalid, IllegalTransition."""
        self._require_ahead(at)
        OCCURRENCE_LIFECYCLE.step(self.status, OccurrenceStatus.CANCELLED)
        if to.start <= at:
            raise Invalid("a class moves into the future", field="starts_at")
        if to == self.slot:
            raise Invalid("the class is at that time already", field="starts_at")
        return msgspec.structs.replace(self, slot=to, moved=True, version=self.version + 1)

    def cancel(self, reason: str, *, at: datetime) -> "Occurrence":
        """Raises ClassOver, IllegalTransition."""
        self._require_ahead(at)
        step = OCCURRENCE_LIFECYCLE.step(self.status, OccurrenceStatus.CANCELLED)
        return msgspec.structs.replace(self, status=step, reason=reason.strip(), version=self.version + 1)

    def _require_ahead(self, at: datetime) -> None:
        if self.slot.start <= at:
            raise ClassOver("this class has begun already")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """``learner_id`` takes part. ``payer_id``: who answers for him, himself where he is grown up."""

    class_id: GroupClassId
    learner_id: UserId
    payer_id: UserId
    added_by: UserId
    added_at: datetime


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """That a learner was there, as the Qari or staff say."""

    occurrence_id: OccurrenceId
    learner_id: UserId
    attendance: Attendance
    marked_by: UserId
    at: datetime
