"""A group class is planned, opened, changed and ended by its Qari or by staff. (LIVE-13)"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

import msgspec

from application.booking.rules import require_consents
from application.scheduling.class_rules import run_by
from domain.booking.errors import LearnerBusy
from domain.errors import Conflict, Invalid, NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import GroupClassId, OccurrenceId, UserId
from domain.oversight.audit import Act
from domain.scheduling.class_events import ClassCancelled, ClassJoined, OccurrenceCancelled, OccurrenceMoved
from domain.scheduling.group_class import GroupClass, Occurrence
from domain.scheduling.subject import Subject
from domain.time import TimeSlot, require_utc
from ports.clock import Clock, NewId
from ports.unit_of_work import NewUnit, UnitOfWork

SUBJECT: Final = "group_class"


class PlanClassCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``class_id`` is the same whenever the same wish is sent again. ``qari_id`` None: the actor himself."""

    class_id: GroupClassId
    title: str
    subject: Subject
    first_date: date
    wall: time
    weekdays: tuple[int, ...]
    weeks: int
    minutes: int
    capacity: int
    zone: str = ""
    qari_id: UserId | None = None


class PlanClass:
    """A draft; nobody is kept busy by it. Raises NotPermitted, NotFound, Invalid, UnknownZone."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, command: PlanClassCommand) -> GroupClass:
        actor.require(Permission.CHANGE_ANY_BOOKING if actor.is_staff else Permission.TEACH)
        qari_id = command.qari_id or actor.user_id
        if not actor.is_staff and qari_id != actor.user_id:
            raise NotFound("there is no such Qari")
        async with self._new_unit() as unit:
            profile = await unit.qaris.get(qari_id)
            if not profile.approved:
                raise NotFound("there is no such Qari")
            group_class = GroupClass(
                id=command.class_id,
                qari_id=qari_id,
                title=" ".join(command.title.split()),
                subject=command.subject,
                zone=command.zone or profile.zone,
                first_date=command.first_date,
                wall=command.wall,
                weekdays=tuple(sorted(set(command.weekdays))),
                weeks=command.weeks,
                minutes=command.minutes,
                capacity=command.capacity,
                created_at=self._clock.now(),
            )
            if group_class.planned()[0].start <= self._clock.now():
                raise Invalid("a class begins in the future", field="first_date")
            if not await unit.classes.add(group_class):
                return await self._same(unit, group_class)
            if actor.is_staff:
                unit.note(_act(actor, "scheduling.plan_class", group_class, after={"title": group_class.title}))
            await unit.commit()
        return group_class

    @staticmethod
    async def _same(unit: UnitOfWork, wanted: GroupClass) -> GroupClass:
        known = await unit.classes.get(wanted.id)
        if (known.qari_id, known.title, known.planned()) != (wanted.qari_id, wanted.title, wanted.planned()):
            raise Conflict("this class was planned before, with other content")
        return known


class OpenClass:
    """Every time of it is taken, or none. Raises NotFound, NotPermitted, IllegalTransition, SlotTaken,
    LearnerBusy, Invalid, ConsentNeeded.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id

    async def __call__(self, actor: Actor, class_id: GroupClassId) -> GroupClass:
        now = self._clock.now()
        async with _saying_who(self._new_unit), self._new_unit() as unit:
            group_class = await unit.classes.get(class_id)
            await run_by(unit, actor, group_class, now)
            if not actor.is_staff:
                await require_consents(unit, actor.user_id, (), now)
            opened = group_class.open()
            slots = opened.planned()
            if slots[0].start <= now:
                raise Invalid("a class begins in the future", field="first_date")
            limits = (await unit.availability.get(opened.qari_id)).limits
            await unit.classes.save(opened)
            planned = [
                Occurrence(
                    id=OccurrenceId(self._new_id()),
                    class_id=opened.id,
                    qari_id=opened.qari_id,
                    index=number,
                    slot=slot,
                    buffer_before_min=limits.buffer_before_min,
                    buffer_after_min=limits.buffer_after_min,
                )
                for number, slot in enumerate(slots)
            ]
            await unit.classes.plan(planned)
            learners = await learners_of(unit, opened.id)
            if learners:
                unit.record(
                    ClassJoined(
                        class_id=opened.id,
                        qari_id=opened.qari_id,
                        learner_ids=learners,
                        title=opened.title,
                        starts_at=slots[0].start,
                        at=now,
                    )
                )
            if actor.is_staff:
                unit.note(_act(actor, "scheduling.open_class", opened))
            await unit.commit()
        return opened


class EndClass:
    """All that has not begun yet is cancelled. Raises NotFound, NotPermitted, IllegalTransition, Invalid."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, class_id: GroupClassId, reason: str) -> GroupClass:
        now = self._clock.now()
        async with self._new_unit() as unit:
            group_class = await unit.classes.get(class_id)
            await run_by(unit, actor, group_class, now)
            ended = group_class.cancel(reason)
            await unit.classes.save(ended)
            learners, first = await learners_of(unit, class_id), None
            for occurrence in await unit.classes.occurrences(class_id):
                if occurrence.stands and occurrence.slot.start > now:
                    first = first or occurrence
                    off = occurrence.cancel(ended.reason, at=now)
                    await unit.classes.save_occurrence(off)
                    unit.record(_cancelled(ended, off, learners, now, alone=False))
            if first is not None:
                unit.record(
                    ClassCancelled(
                        class_id=ended.id,
                        qari_id=ended.qari_id,
                        learner_ids=learners,
                        title=ended.title,
                        starts_at=first.slot.start,
                        reason=ended.reason,
                        at=now,
                    )
                )
            if actor.is_staff:
                unit.note(_act(actor, "scheduling.cancel_class", ended, reason=ended.reason))
            await unit.commit()
        return ended


class ChangeOccurrence:
    """One time of a class is moved or cancelled; the others stay. Raises NotFound, NotPermitted, ClassOver,
    IllegalTransition, Invalid, SlotTaken, LearnerBusy, StaleWrite.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def move(self, actor: Actor, occurrence_id: OccurrenceId, starts_at: datetime) -> Occurrence:
        now = self._clock.now()
        async with _saying_who(self._new_unit), self._new_unit() as unit:
            group_class, occurrence = await self._of(unit, actor, occurrence_id, now)
            to = TimeSlot.lasting(require_utc(starts_at, "starts_at"), occurrence.slot.minutes)
            moved = occurrence.move(to, at=now)
            await unit.classes.save_occurrence(moved)
            unit.record(
                OccurrenceMoved(
                    class_id=group_class.id,
                    lesson_id=moved.lesson_id,
                    qari_id=moved.qari_id,
                    learner_ids=await learners_of(unit, group_class.id),
                    title=group_class.title,
                    starts_at=to.start,
                    ends_at=to.end,
                    was_starts_at=occurrence.slot.start,
                    at=now,
                )
            )
            if actor.is_staff:
                before, after = ({"starts_at": slot.start.isoformat()} for slot in (occurrence.slot, to))
                unit.note(_act(actor, "scheduling.move_class", group_class, before=before, after=after))
            await unit.commit()
        return moved

    async def cancel(self, actor: Actor, occurrence_id: OccurrenceId, reason: str) -> Occurrence:
        now = self._clock.now()
        async with self._new_unit() as unit:
            group_class, occurrence = await self._of(unit, actor, occurrence_id, now)
            off = occurrence.cancel(reason, at=now)
            await unit.classes.save_occurrence(off)
            unit.record(_cancelled(group_class, off, await learners_of(unit, group_class.id), now))
            if actor.is_staff:
                after = {"starts_at": off.slot.start.isoformat()}
                unit.note(_act(actor, "scheduling.cancel_class_once", group_class, after=after, reason=off.reason))
            await unit.commit()
        return off

    @staticmethod
    async def _of(
        unit: UnitOfWork, actor: Actor, occurrence_id: OccurrenceId, now: datetime
    ) -> tuple[GroupClass, Occurrence]:
        occurrence = await unit.classes.occurrence(occurrence_id)
        if occurrence is None:
            raise NotFound("there is no such class")
        group_class = await unit.classes.get(occurrence.class_id)
        await run_by(unit, actor, group_class, now)
        return group_class, occurrence


@asynccontextmanager
async def _saying_who(new_unit: NewUnit) -> AsyncIterator[None]:
    """Which of the learners is in the way, for whoever has to agree upon it with him."""
    try:
        yield
    except LearnerBusy as refused:
        learner_id = UserId(UUID(str(refused.details["learner_id"])))
        async with new_unit() as unit:
            name = (await unit.users.get(learner_id)).name
        raise LearnerBusy(
            "{name} has another lesson at one of these times", name=name, learner_id=str(learner_id)
        ) from refused


async def learners_of(unit: UnitOfWork, class_id: GroupClassId) -> tuple[UserId, ...]:
    return tuple(member.learner_id for member in await unit.classes.members(class_id))


def _cancelled(
    group_class: GroupClass, off: Occurrence, learners: Sequence[UserId], at: datetime, *, alone: bool = True
) -> OccurrenceCancelled:
    return OccurrenceCancelled(
        class_id=group_class.id,
        lesson_id=off.lesson_id,
        qari_id=off.qari_id,
        learner_ids=tuple(learners),
        title=group_class.title,
        starts_at=off.slot.start,
        ends_at=off.slot.end,
        reason=off.reason,
        alone=alone,
        at=at,
    )


def _act(
    actor: Actor,
    action: str,
    group_class: GroupClass,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
    reason: str = "",
) -> Act:
    return Act(
        actor=actor,
        action=action,
        subject=(SUBJECT, str(group_class.id)),
        before=before or {},
        after=after or {},
        reason=reason,
    )
