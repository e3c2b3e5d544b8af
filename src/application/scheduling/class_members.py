"""Learners join and leave a group class, and are marked as present. (LIVE-13)"""

from datetime import datetime

from application.booking.places import learner_busy
from application.booking.rules import booked_for, require_match
from application.scheduling.class_rules import run_by
from domain.booking.errors import LearnerBusy
from domain.errors import Conflict, Invalid, NotFound
from domain.identity.actor import Actor
from domain.ids import GroupClassId, OccurrenceId, UserId
from domain.oversight.audit import Act
from domain.scheduling.class_events import ClassJoined, ClassLeft
from domain.scheduling.group_class import Attendance, GroupClass, Mark, Member, Occurrence
from domain.time import TimeSlot
from ports.clock import Clock
from ports.unit_of_work import NewUnit, UnitOfWork


class ChangeMembers:
    """By the Qari or staff. Raises NotFound, NotPermitted, ClassFull, ClassOver, LearnerBusy, StaleWrite, and what
    ``require_match`` raises: a class is no way around the rules of a match or the Qari's clearance. (DISC-12, SAFE-01)
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def add(self, actor: Actor, class_id: GroupClassId, learner_id: UserId) -> None:
        """Once more changes nothing. A Qari adds those alone whom he teaches already; staff add anybody."""
        now = self._clock.now()
        async with self._new_unit() as unit:
            group_class = await unit.classes.get(class_id)
            await run_by(unit, actor, group_class, now)
            members = await unit.classes.members(class_id)
            if any(member.learner_id == learner_id for member in members):
                return
            if not actor.is_staff and learner_id not in await unit.bookings.learners_of(actor.user_id):
                raise NotFound("you have had no lesson with this learner; the office can add him", field="learner_id")
            booked = await booked_for(unit, learner_id, now)
            await require_match(unit, await unit.qaris.get(group_class.qari_id), learner_id, now)
            await _require_time(unit, group_class, learner_id, now)
            await unit.classes.save(group_class.with_member_change(len(members) + 1))
            member = Member(
                class_id=class_id,
                learner_id=learner_id,
                payer_id=booked.payer_id,
                added_by=actor.user_id,
                added_at=now,
            )
            if not await unit.classes.join(member):
                raise Conflict("somebody has just added this learner")
            begins = await _next_start(unit, group_class, now)
            if group_class.stands and begins is not None:
                unit.record(
                    ClassJoined(
                        class_id=class_id,
                        qari_id=group_class.qari_id,
                        learner_ids=(learner_id,),
                        title=group_class.title,
                        starts_at=begins,
                        at=now,
                    )
                )
            if actor.is_staff:
                unit.note(_act(actor, "scheduling.add_to_class", class_id, {"learner_id": str(learner_id)}))
            await unit.commit()

    async def remove(self, actor: Actor, class_id: GroupClassId, learner_id: UserId) -> None:
        """Once more changes nothing. What was marked of him stays."""
        now = self._clock.now()
        async with self._new_unit() as unit:
            group_class = await unit.classes.get(class_id)
            await run_by(unit, actor, group_class, now)
            members = await unit.classes.members(class_id)
            if not await unit.classes.leave(class_id, learner_id):
                return
            await unit.classes.save(group_class.with_member_change(len(members) - 1))
            begins = await _next_start(unit, group_class, now)
            if group_class.stands and begins is not None:
                unit.record(
                    ClassLeft(
                        class_id=class_id,
                        qari_id=group_class.qari_id,
                        learner_ids=(learner_id,),
                        title=group_class.title,
                        starts_at=begins,
                        at=now,
                    )
                )
            if actor.is_staff:
                unit.note(_act(actor, "scheduling.remove_from_class", class_id, {"learner_id": str(learner_id)}))
            await unit.commit()


class MarkAttendance:
    """From the start of that class on; the last word counts. Raises NotFound, NotPermitted, Invalid."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, occurrence_id: OccurrenceId, marks: dict[UserId, Attendance]) -> Occurrence:
        now = self._clock.now()
        async with self._new_unit() as unit:
            occurrence = await unit.classes.occurrence(occurrence_id)
            if occurrence is None:
                raise NotFound("there is no such class")
            await run_by(unit, actor, await unit.classes.get(occurrence.class_id), now)
            if not occurrence.stands or now < occurrence.slot.start:
                raise Invalid("attendance is marked once the class has begun", field="attendance")
            members = {member.learner_id for member in await unit.classes.members(occurrence.class_id)}
            for learner_id, attendance in marks.items():
                if learner_id not in members:
                    raise Invalid("this learner is not in the class", field="attendance")
                await unit.classes.mark(
                    Mark(
                        occurrence_id=occurrence.id,
                        learner_id=learner_id,
                        attendance=attendance,
                        marked_by=actor.user_id,
                        at=now,
                    )
                )
            if actor.is_staff:
                told = {str(learner_id): attendance.value for learner_id, attendance in marks.items()}
                unit.note(_act(actor, "scheduling.mark_attendance", occurrence.class_id, told))
            await unit.commit()
        return occurrence


async def _require_time(unit: UnitOfWork, group_class: GroupClass, learner_id: UserId, now: datetime) -> None:
    """The learner is elsewhere at none of the times to come. Raises LearnerBusy."""
    kept = [each.slot for each in await unit.classes.occurrences(group_class.id) if each.stands]
    ahead = [slot for slot in (kept if group_class.stands else group_class.planned()) if slot.end > now]
    if not ahead:
        return
    window = TimeSlot(min(slot.start for slot in ahead), max(slot.end for slot in ahead))
    for taken in await learner_busy(unit, learner_id, window):
        if any(taken.overlaps(slot) for slot in ahead):
            raise LearnerBusy("There is another lesson at that time.", starts_at=taken.start.isoformat())


async def _next_start(unit: UnitOfWork, group_class: GroupClass, now: datetime) -> datetime | None:
    ahead = [each.slot.start for each in await unit.classes.occurrences(group_class.id) if each.stands]
    return next((start for start in ahead if start > now), None)


def _act(actor: Actor, action: str, class_id: GroupClassId, after: dict[str, str]) -> Act:
    return Act(actor=actor, action=action, subject=("group_class", str(class_id)), after=after)
