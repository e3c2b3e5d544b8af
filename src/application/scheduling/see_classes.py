"""Group classes as those see them who are in them. (LIVE-13)"""

from collections.abc import Sequence
from typing import Final

import msgspec

from application.scheduling.class_rules import Standing, standing_in
from domain.errors import NotFound
from domain.identity.actor import Actor, Party
from domain.identity.guardianship import Right
from domain.identity.permission import Permission
from domain.ids import GroupClassId, OccurrenceId, UserId
from domain.scheduling.group_class import Attendance, GroupClass, Occurrence, Status
from ports.clock import Clock
from ports.unit_of_work import NewUnit

MOST: Final = 100


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    learner_id: UserId
    name: str
    marks: dict[OccurrenceId, Attendance]


class ClassView(msgspec.Struct, frozen=True, kw_only=True):
    """``members``: all of them for who runs the class, those whom the reader is or answers for else. ``known``: whom
    the Qari may add.
    """

    it: GroupClass
    qari_name: str
    standing: Standing
    taken: int
    occurrences: tuple[Occurrence, ...]
    members: tuple[MemberView, ...]
    known: tuple[tuple[UserId, str], ...] = ()


class ListClasses:
    """The reader's own, as a Qari, a learner or a guardian; all of them for staff. Newest first."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor) -> Sequence[GroupClass]:
        async with self._new_unit() as unit:
            if actor.is_staff:
                actor.require(Permission.SEE_BOOKINGS)
                return await unit.classes.newest(MOST)
            actor.require(Permission.SEE_OWN_BOOKINGS)
            if actor.may(Permission.TEACH):
                return await unit.classes.of_qari(actor.user_id)
            whose = [actor.user_id]
            if actor.may(Permission.MANAGE_CHILDREN):
                guardianships = await unit.guardianships.of_guardian(actor.user_id)
                whose += [each.child_id for each in guardianships if each.gives(Right.SEE)]
            found = await unit.classes.of_learners(whose)
            return [each for each in found if each.stands or each.status in (Status.ENDED, Status.CANCELLED)]


class SeeClass:
    """Raises NotFound, NotPermitted."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, class_id: GroupClassId) -> ClassView:
        async with self._new_unit() as unit:
            it = await unit.classes.get(class_id)
            members = await unit.classes.members(class_id)
            standing = await standing_in(unit, actor, it, members, self._clock.now(), Right.SEE)
            occurrences = await unit.classes.occurrences(class_id)
            marks: dict[UserId, dict[OccurrenceId, Attendance]] = {}
            for occurrence in occurrences:
                if occurrence.slot.start <= self._clock.now():
                    for mark in await unit.classes.marks(occurrence.id):
                        marks.setdefault(mark.learner_id, {})[occurrence.id] = mark.attendance
            shown = [each for each in members if standing.runs or each.learner_id in standing.learners]
            views = [
                MemberView(
                    learner_id=each.learner_id,
                    name=(await unit.users.get(each.learner_id)).name,
                    marks=marks.get(each.learner_id, {}),
                )
                for each in shown
            ]
            known: list[tuple[UserId, str]] = []
            if standing.party is Party.QARI:
                inside = {each.learner_id for each in members}
                others = set(await unit.bookings.learners_of(actor.user_id)) - inside
                known = [(learner_id, (await unit.users.get(learner_id)).name) for learner_id in others]
            qari_name = (await unit.qaris.get(it.qari_id)).name
        return ClassView(
            it=it,
            qari_name=qari_name,
            standing=standing,
            taken=len(members),
            occurrences=tuple(occurrences),
            members=tuple(views),
            known=tuple(sorted(known, key=lambda each: each[1])),
        )


def may_change(view: ClassView, actor: Actor) -> bool:
    if view.standing.party is Party.STAFF:
        return actor.may(Permission.CHANGE_ANY_BOOKING)
    return view.standing.party is Party.QARI


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Of which class a time is, and by whose clock it is told."""

    class_id: GroupClassId
    zone: str


class FindOccurrence:
    """Raises NotFound. Whether the reader may do anything with it, the next use case says."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, occurrence_id: OccurrenceId) -> Place:
        async with self._new_unit() as unit:
            found = await unit.classes.occurrence(occurrence_id)
            if found is None:
                raise NotFound("there is no such class")
            return Place(class_id=found.class_id, zone=(await unit.classes.get(found.class_id)).zone)
