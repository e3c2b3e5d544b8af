"""Group classes in memory."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from domain.booking.booking import Booking
from domain.booking.errors import LearnerBusy, SlotTaken
from domain.errors import NotFound, StaleWrite
from domain.ids import BookingId, GroupClassId, OccurrenceId, UserId
from domain.scheduling.group_class import GroupClass, Mark, Member, Occurrence, Status
from domain.time import TimeSlot
from ports.scheduling.class_queries import ClassTime


class MemoryGroupClasses:
    def __init__(self, shelf: Callable[[str], dict[Any, Any]]) -> None:
        self.classes: dict[GroupClassId, GroupClass] = shelf("classes")
        self.planned: dict[OccurrenceId, Occurrence] = shelf("class_occurrences")
        self.joined: dict[tuple[GroupClassId, UserId], Member] = shelf("class_members")
        self.marked: dict[tuple[OccurrenceId, UserId], Mark] = shelf("class_attendance")
        self.bookings: dict[BookingId, Booking] = shelf("bookings")

    async def add(self, group_class: GroupClass) -> bool:
        new = group_class.id not in self.classes
        self.classes.setdefault(group_class.id, group_class)
        return new

    async def get(self, class_id: GroupClassId) -> GroupClass:
        if class_id not in self.classes:
            raise NotFound("there is no such class")
        return self.classes[class_id]

    async def save(self, group_class: GroupClass) -> None:
        if self.classes[group_class.id].version != group_class.version - 1:
            raise StaleWrite("the class has moved on")
        self.classes[group_class.id] = group_class

    async def of_qari(self, qari_id: UserId) -> Sequence[GroupClass]:
        return [each for each in await self.newest(len(self.classes)) if each.qari_id == qari_id]

    async def of_learners(self, learner_ids: Sequence[UserId]) -> Sequence[GroupClass]:
        theirs = {class_id for class_id, learner_id in self.joined if learner_id in learner_ids}
        return [each for each in await self.newest(len(self.classes)) if each.id in theirs]

    async def newest(self, limit: int) -> Sequence[GroupClass]:
        return sorted(self.classes.values(), key=lambda each: each.id, reverse=True)[:limit]

    async def to_advance(self, now: datetime, limit: int) -> Sequence[GroupClassId]:
        found = []
        for each in self.classes.values():
            standing = [one.slot for one in await self.occurrences(each.id) if one.stands]
            begun = each.status is Status.OPEN and any(slot.start <= now for slot in standing)
            if each.stands and (begun or not any(slot.end > now for slot in standing)):
                found.append(each.id)
        return sorted(found)[:limit]

    async def plan(self, occurrences: Sequence[Occurrence]) -> None:
        for occurrence in occurrences:
            self._require_free(occurrence)
            self.planned[occurrence.id] = occurrence

    async def occurrences(self, class_id: GroupClassId) -> Sequence[Occurrence]:
        found = [occurrence for occurrence in self.planned.values() if occurrence.class_id == class_id]
        return sorted(found, key=lambda occurrence: occurrence.slot)

    async def occurrence(self, lesson_id: BookingId | OccurrenceId) -> Occurrence | None:
        return self.planned.get(OccurrenceId(lesson_id))

    async def save_occurrence(self, occurrence: Occurrence) -> None:
        if self.planned[occurrence.id].version != occurrence.version - 1:
            raise StaleWrite("the class has moved on")
        self._require_free(occurrence)
        self.planned[occurrence.id] = occurrence

    async def starting(self, window: TimeSlot) -> Sequence[Occurrence]:
        found = [each for each in self.planned.values() if each.stands and window.contains(each.slot.start)]
        return sorted(found, key=lambda each: (each.slot, each.id))

    async def busy_of_learner(self, learner_id: UserId, window: TimeSlot) -> Sequence[Occurrence]:
        found = [
            each
            for each in self.planned.values()
            if each.stands and (each.class_id, learner_id) in self.joined and each.slot.overlaps(window)
        ]
        return sorted(found, key=lambda each: each.slot)

    async def members(self, class_id: GroupClassId) -> Sequence[Member]:
        found = [member for member in self.joined.values() if member.class_id == class_id]
        return sorted(found, key=lambda member: (member.added_at, member.learner_id))

    async def join(self, member: Member) -> bool:
        new = (member.class_id, member.learner_id) not in self.joined
        for each in await self.occurrences(member.class_id) if new else ():
            if each.stands and each.slot.end > member.added_at:
                self._require_learner_free(member.learner_id, each)
        self.joined.setdefault((member.class_id, member.learner_id), member)
        return new

    async def leave(self, class_id: GroupClassId, learner_id: UserId) -> bool:
        return self.joined.pop((class_id, learner_id), None) is not None

    async def mark(self, mark: Mark) -> None:
        self.marked[mark.occurrence_id, mark.learner_id] = mark

    async def marks(self, occurrence_id: OccurrenceId) -> Sequence[Mark]:
        found = [mark for mark in self.marked.values() if mark.occurrence_id == occurrence_id]
        return sorted(found, key=lambda mark: mark.at)

    def _require_free(self, wanted: Occurrence) -> None:
        if not wanted.stands:
            return
        classes = [
            each.qari_busy
            for each in self.planned.values()
            if each.stands and each.id != wanted.id and each.qari_id == wanted.qari_id
        ]
        lessons = [
            each.qari_busy for each in self.bookings.values() if each.occupies and each.qari_id == wanted.qari_id
        ]
        if any(wanted.qari_busy.overlaps(taken) for taken in classes + lessons):
            raise SlotTaken("The Qari has a lesson or another class at one of these times.")
        for class_id, learner_id in sorted(self.joined):
            if class_id == wanted.class_id:
                self._require_learner_free(learner_id, wanted)

    def _require_learner_free(self, learner_id: UserId, wanted: Occurrence) -> None:
        lessons = [each.slot for each in self.bookings.values() if each.occupies and each.learner_id == learner_id]
        classes = [
            each.slot
            for each in self.planned.values()
            if each.stands and each.class_id != wanted.class_id and (each.class_id, learner_id) in self.joined
        ]
        if any(wanted.slot.overlaps(taken) for taken in lessons + classes):
            raise LearnerBusy("There is another lesson at that time.", learner_id=str(learner_id))


class MemoryClassQueries:
    """Over what a store has committed; whom it does not know goes without a name."""

    def __init__(self, shelf: Callable[[str], dict[Any, Any]] | None = None) -> None:
        empty: dict[str, dict[Any, Any]] = {}
        self._shelf = shelf or (lambda name: empty.setdefault(name, {}))

    async def times_of(self, people: Sequence[UserId], window: TimeSlot) -> Sequence[ClassTime]:
        times = MemoryGroupClasses(self._shelf)
        found = [self._shown(times, each, people) for each in times.planned.values() if each.slot.overlaps(window)]
        theirs = [each for each in found if each.learners or each.qari_id in people]
        return sorted(theirs, key=lambda each: (each.starts_at, each.id))

    def _shown(self, times: MemoryGroupClasses, each: Occurrence, people: Sequence[UserId]) -> ClassTime:
        it = times.classes[each.class_id]
        members = [learner_id for class_id, learner_id in times.joined if class_id == it.id]
        return ClassTime(
            id=each.id,
            class_id=it.id,
            title=it.title,
            subject=it.subject,
            qari_id=it.qari_id,
            qari_name=self._name(it.qari_id),
            qari_zone=it.zone,
            starts_at=each.slot.start,
            ends_at=each.slot.end,
            status=each.status,
            sequence=each.version - 1,
            taken=len(members),
            learners=tuple((member, self._name(member)) for member in members if member in people),
            created_at=it.created_at,
        )

    def _name(self, user_id: UserId) -> str:
        user = self._shelf("users").get(user_id)
        return user.name if user is not None else ""


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    del part
    return MemoryGroupClasses(shelf)
