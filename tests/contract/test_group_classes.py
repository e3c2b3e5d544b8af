"""Group classes in memory and on PostgreSQL: planned, taught, and never at the time of something else. (LIVE-13)"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.meetings.registry import Registry
from adapters.persistence.scheduling.class_queries import SqlClassQueries
from application.booking.places import require_room
from application.scheduling.change_meeting import CancelMeeting, MeetingOnConfirmation, MoveMeeting
from application.scheduling.class_members import ChangeMembers, MarkAttendance
from application.scheduling.create_meeting import CreateMeeting
from application.scheduling.join_class import JoinClass
from application.scheduling.join_lesson import JoinLesson
from application.scheduling.run_class import ChangeOccurrence, EndClass, OpenClass, PlanClass, PlanClassCommand
from application.scheduling.see_classes import ListClasses, SeeClass
from application.scheduling.sweep_meetings import SweepMeetings
from application.scheduling.tend_classes import TendClasses
from application.scheduling.tidy_meetings import TidyMeetings
from domain.booking.errors import LearnerBusy, OutsideJoinWindow, SlotTaken
from domain.errors import NotFound, NotPermitted
from domain.events import Event
from domain.ids import EventId, GroupClassId, UserId
from domain.scheduling.class_events import OccurrenceCancelled, OccurrenceMoved
from domain.scheduling.group_class import Attendance, ClassFull, GroupClass, Occurrence, Status
from domain.scheduling.subject import Subject
from domain.time import TimeSlot
from fakes.booking import LEARNER
from fakes.clock import NOON
from fakes.identity import a_user
from fakes.ids import SequentialIds
from fakes.meetings import FakeMeetings, ReversingCipher
from fakes.scheduling import NO_LIMITS, QARI, a_calendar, a_qari, weekly
from ports.unit_of_work import NewUnit
from support.lessons import ADMIN, OTHER_STUDENT, STUDENT, SUPPORT, TEACHER, School, a_student
from support.units import memory_units, postgres_units

OTHER_QARI = UserId(UUID(int=QARI.int + 1))
CLASS = GroupClassId(UUID(int=0x01980000_0000_7000_A000_000000000001))
LONDON = "Europe/London"
FIRST = date(2026, 10, 12)
"""A Monday; the clocks of London go back on the 25th."""


class Silent:
    async def nudge(self, queue: str) -> None:
        del queue


class Classes(School):
    def __init__(self, new_unit: NewUnit) -> None:
        super().__init__(new_unit)
        ids, cipher, self.rooms = SequentialIds(), ReversingCipher(), FakeMeetings()
        providers = Registry([self.rooms])
        self.plan, self.open_class = PlanClass(new_unit, self.clock), OpenClass(new_unit, self.clock, ids)
        self.end, self.change = EndClass(new_unit, self.clock), ChangeOccurrence(new_unit, self.clock)
        self.members, self.mark = ChangeMembers(new_unit, self.clock), MarkAttendance(new_unit, self.clock)
        self.see, self.listed = SeeClass(new_unit, self.clock), ListClasses(new_unit)
        self.tend = TendClasses(new_unit, self.clock, Silent())
        create = CreateMeeting(new_unit, self.clock, ids, providers, cipher)
        cancel = CancelMeeting(new_unit, self.clock, ids, providers, cipher)
        move = MoveMeeting(new_unit, self.clock, ids, providers, cipher, create)
        self.subscriber = MeetingOnConfirmation(create, cancel, move)
        self.sweep = SweepMeetings(new_unit, self.clock, create, move, TidyMeetings(new_unit, providers, cipher))
        self.join = JoinClass(new_unit, self.clock, create, JoinLesson(new_unit, self.clock, create, providers, cipher))

    async def planned(self, **given: Any) -> GroupClass:
        fields: dict[str, Any] = {
            "class_id": CLASS,
            "title": "Tajwid for beginners",
            "subject": Subject.TAJWID,
            "first_date": FIRST,
            "wall": time(18, 0),
            "weekdays": (0, 2, 4),
            "weeks": 4,
            "minutes": 45,
            "capacity": 2,
            "zone": LONDON,
        }
        return await self.plan(TEACHER, PlanClassCommand(**(fields | given)))

    async def opened(self, **given: Any) -> list[Occurrence]:
        await self.planned(**given)
        await self.open_class(TEACHER, given.get("class_id", CLASS))
        async with self.new_unit() as unit:
            return list(await unit.classes.occurrences(given.get("class_id", CLASS)))

    async def told(self, event: type[Event], occurrence: Occurrence, **given: Any) -> None:
        fields: dict[str, Any] = {
            "at": self.clock.now(),
            "class_id": CLASS,
            "lesson_id": occurrence.lesson_id,
            "qari_id": QARI,
            "learner_ids": (),
            "title": "",
            "starts_at": occurrence.slot.start,
            "ends_at": occurrence.slot.end,
        }
        await self.subscriber(EventId(UUID(int=1)), event(**(fields | given)))


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def units(request: pytest.FixtureRequest) -> NewUnit:
    return memory_units() if request.param == "memory" else postgres_units(request.getfixturevalue("database"))


@pytest.fixture
async def school(units: NewUnit) -> Classes:
    return await _opened(units)


async def _opened(units: NewUnit) -> Classes:
    school = Classes(units)
    await school.open()
    async with units() as unit:
        for actor in (OTHER_STUDENT, a_student(1), TEACHER):
            await unit.users.add(a_user(id=actor.user_id, email=f"{actor.user_id.hex}@example.org"))
        await unit.commit()
    return school


async def test_three_days_for_four_weeks_are_twelve_times_on_one_wall_clock(school: Classes) -> None:
    # LIVE-13
    occurrences = await school.opened()

    assert len(occurrences) == 12
    assert {each.slot.start.strftime("%H:%M") for each in occurrences} == {"17:00", "18:00"}
    assert [each.slot.start.weekday() for each in occurrences] == [0, 2, 4] * 4
    assert all(each.slot.minutes == 45 for each in occurrences)


async def test_a_class_takes_the_time_from_lessons_and_lessons_take_it_from_classes(school: Classes) -> None:
    occurrences = await school.opened()
    with pytest.raises(SlotTaken):
        await school.hold(start=occurrences[0].slot.start)
    async with school.new_unit() as unit:
        calendar = await unit.availability.get(QARI)
        with pytest.raises(SlotTaken):
            await require_room(unit, calendar, occurrences[3].slot, NOON)

    lesson = await school.hold(start=datetime(2027, 2, 1, 18, tzinfo=NOON.tzinfo))
    other = GroupClassId(UUID(int=CLASS.int + 1))
    with pytest.raises(SlotTaken):
        await school.opened(class_id=other, first_date=date(2027, 2, 1))
    assert lesson.slot.start.hour == 18
    async with school.new_unit() as unit:
        assert (await unit.classes.get(other)).status is Status.DRAFT
        assert not await unit.classes.occurrences(other)


async def test_what_is_cancelled_gives_its_time_back(school: Classes) -> None:
    first, second, *_ = await school.opened()

    await school.change.cancel(TEACHER, first.id, "ill")
    await school.hold(start=first.slot.start)
    moved = await school.change.move(TEACHER, second.id, second.slot.start + timedelta(days=1))
    await school.hold(start=second.slot.start)

    assert moved.moved
    with pytest.raises(SlotTaken):
        await school.change.move(TEACHER, second.id, first.slot.start)


async def test_only_those_in_it_know_of_a_class(school: Classes) -> None:
    await school.opened()
    with pytest.raises(NotFound):
        await school.see(STUDENT, CLASS)
    with pytest.raises(NotFound):  # a Qari adds those alone whom he teaches
        await school.members.add(TEACHER, CLASS, LEARNER)
    with pytest.raises(NotPermitted):
        await school.members.add(SUPPORT, CLASS, LEARNER)

    await school.members.add(ADMIN, CLASS, LEARNER)
    await school.members.add(ADMIN, CLASS, LEARNER)
    await school.members.add(ADMIN, CLASS, OTHER_STUDENT.user_id)
    with pytest.raises(ClassFull):
        await school.members.add(ADMIN, CLASS, a_student(1).user_id)

    assert [each.learner_id for each in (await school.see(STUDENT, CLASS)).members] == [LEARNER]
    assert len((await school.see(TEACHER, CLASS)).members) == 2
    assert [each.id for each in await school.listed(STUDENT)] == [CLASS]
    with pytest.raises(NotFound):
        await school.change.cancel(STUDENT, (await school.see(STUDENT, CLASS)).occurrences[0].id, "no")
    await school.members.remove(ADMIN, CLASS, LEARNER)
    assert not await school.listed(STUDENT)


async def test_a_learner_is_in_one_place_at_a_time(school: Classes) -> None:
    first, second, *_ = await school.opened()
    async with school.new_unit() as unit:
        await unit.qaris.add(a_qari(user_id=OTHER_QARI))
        await unit.availability.save(a_calendar(qari_id=OTHER_QARI, rules=weekly(("00:00", "24:00")), limits=NO_LIMITS))
        await unit.commit()
    await school.members.add(ADMIN, CLASS, LEARNER)
    with pytest.raises(LearnerBusy):
        await school.hold(qari_id=OTHER_QARI, start=first.slot.start)
    await school.hold(OTHER_STUDENT, qari_id=OTHER_QARI, start=first.slot.start)
    with pytest.raises(LearnerBusy):
        await school.members.add(ADMIN, CLASS, OTHER_STUDENT.user_id)

    await school.change.cancel(TEACHER, second.id, "ill")
    await school.hold(qari_id=OTHER_QARI, start=second.slot.start)
    await school.change.cancel(TEACHER, first.id, "ill")
    await school.members.add(ADMIN, CLASS, OTHER_STUDENT.user_id)


async def test_each_time_has_a_door_a_room_and_an_attendance_list_of_its_own(school: Classes) -> None:
    first, second, *_ = await school.opened()
    await school.members.add(ADMIN, CLASS, LEARNER)
    with pytest.raises(OutsideJoinWindow):
        await school.join(STUDENT, first.id)

    school.clock.set(first.slot.start - timedelta(hours=1))
    assert await school.sweep() == 1  # LIVE-03: made about an hour before
    school.clock.set(first.slot.start - timedelta(minutes=10))
    learner, leader = await school.join(STUDENT, first.id), await school.join(TEACHER, first.id)
    with pytest.raises(NotFound):
        await school.join(OTHER_STUDENT, first.id)
    with pytest.raises(OutsideJoinWindow):
        await school.join(STUDENT, second.id)
    school.clock.set(first.slot.start + timedelta(minutes=5))
    await school.mark(TEACHER, first.id, {LEARNER: Attendance.LATE})

    assert leader.leads
    assert not learner.leads
    assert len(school.rooms.rooms) == 1
    (seen,) = (await school.see(STUDENT, CLASS)).members
    assert seen.marks == {first.id: Attendance.LATE}
    async with school.new_unit() as unit:
        assert {click.user_id for click in await unit.meetings.clicks(first.lesson_id)} == {LEARNER, QARI}


async def test_a_room_follows_its_time_and_goes_with_it(school: Classes) -> None:
    first, *_ = await school.opened()
    school.clock.set(first.slot.start - timedelta(hours=1))
    await school.sweep()

    moved = await school.change.move(TEACHER, first.id, first.slot.start + timedelta(hours=2))
    await school.told(OccurrenceMoved, moved, was_starts_at=first.slot.start)
    async with school.new_unit() as unit:
        meeting = await unit.meetings.find(first.lesson_id)
        assert meeting is not None
        assert meeting.slot == moved.slot
    off = await school.change.cancel(TEACHER, first.id, "ill")
    await school.told(OccurrenceCancelled, off, reason="ill")

    async with school.new_unit() as unit:
        gone = await unit.meetings.find(first.lesson_id)
    assert gone is not None
    assert gone.status == "cancelled"


async def test_each_time_is_reminded_of_once_and_the_class_runs_its_course(school: Classes) -> None:
    # BOOK-07
    first, *_, last = await school.opened()
    await school.members.add(ADMIN, CLASS, LEARNER)
    school.clock.set(first.slot.start - timedelta(hours=24))

    assert await school.tend() >= 2  # the learner and the Qari
    assert await school.tend() == 0
    school.clock.set(first.slot.start + timedelta(minutes=1))
    await school.tend()
    assert (await school.see(TEACHER, CLASS)).it.status is Status.RUNNING
    school.clock.set(last.slot.end)
    await school.tend()
    assert (await school.see(TEACHER, CLASS)).it.status is Status.ENDED


async def test_the_rest_of_a_class_is_cancelled_at_once(school: Classes) -> None:
    first, second, *_ = await school.opened()
    school.clock.set(first.slot.end)

    await school.end(ADMIN, CLASS, "the Qari has moved away")

    view = await school.see(TEACHER, CLASS)
    assert view.it.status is Status.CANCELLED
    assert [each.stands for each in view.occurrences] == [True] + [False] * 11
    await school.hold(start=second.slot.start)


@pytest.mark.postgres
async def test_the_times_of_people_are_read_with_who_is_in_them(database: AsyncEngine) -> None:
    school = await _opened(postgres_units(database))
    first, second, *_ = await school.opened()
    for learner_id in (LEARNER, OTHER_STUDENT.user_id):
        await school.members.add(ADMIN, CLASS, learner_id)
    await school.change.cancel(TEACHER, second.id, "ill")
    moved = await school.change.move(TEACHER, first.id, first.slot.start + timedelta(hours=1))
    queries, window = SqlClassQueries(database), TimeSlot(moved.slot.start, second.slot.end)

    own, taught = await queries.times_of([LEARNER], window), await queries.times_of([UserId(QARI)], window)

    assert [(each.id, each.starts_at, each.stands, each.sequence) for each in own] == [
        (first.id, moved.slot.start, True, 1),
        (second.id, second.slot.start, False, 1),
    ]
    assert [learner_id for learner_id, _name in own[0].learners] == [LEARNER]
    assert (taught[0].learners, taught[0].taken, taught[0].title) == ((), 2, "Tajwid for beginners")
    assert not await queries.times_of([a_student(1).user_id], window)
    assert not await queries.times_of([LEARNER], TimeSlot(second.slot.end, second.slot.end + timedelta(minutes=1)))


@pytest.mark.postgres
@pytest.mark.slow
async def test_of_a_lesson_and_a_class_at_one_time_there_is_one(database: AsyncEngine) -> None:
    # BOOK-03, LIVE-13: whoever comes first, under any load
    school = await _opened(postgres_units(database))
    for number in range(8):
        class_id = GroupClassId(UUID(int=CLASS.int + number))
        day = FIRST + timedelta(weeks=number)
        await school.planned(class_id=class_id, first_date=day, weekdays=(day.weekday(),), weeks=1)
        async with school.new_unit() as unit:
            (slot,) = (await unit.classes.get(class_id)).planned()

        results = await asyncio.gather(
            *(school.hold(a_student(n), slot.start) for n in range(4)),
            school.open_class(TEACHER, class_id),
            *(school.hold(a_student(4 + n), slot.start) for n in range(4)),
            return_exceptions=True,
        )

        won = [result for result in results if not isinstance(result, BaseException)]
        assert len(won) == 1
        assert all(isinstance(result, SlotTaken) for result in results if isinstance(result, BaseException))
        await _one_holds(school, slot)


async def test_no_time_is_given_to_a_class_whose_learner_is_elsewhere_then(school: Classes) -> None:
    # LIVE-13, BOOK-03
    async with school.new_unit() as unit:
        await unit.qaris.add(a_qari(user_id=OTHER_QARI))
        await unit.availability.save(a_calendar(qari_id=OTHER_QARI, rules=weekly(("00:00", "24:00")), limits=NO_LIMITS))
        await unit.commit()
    draft = await school.planned()
    await school.members.add(ADMIN, CLASS, LEARNER)
    lesson = await school.hold(qari_id=OTHER_QARI, start=draft.planned()[5].start)

    with pytest.raises(LearnerBusy) as opening:
        await school.open_class(TEACHER, CLASS)
    assert opening.value.details["learner_id"] == str(LEARNER)

    await school.members.remove(ADMIN, CLASS, LEARNER)
    first, *_ = await school.opened(class_id=GroupClassId(UUID(int=CLASS.int + 1)), first_date=date(2027, 2, 1))
    await school.members.add(ADMIN, first.class_id, LEARNER)
    with pytest.raises(LearnerBusy, match="has another lesson at one of these times"):
        await school.change.move(TEACHER, first.id, lesson.slot.start)


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.parametrize("way", ["joins", "opens", "moves"])
async def test_a_learner_raced_by_a_lesson_and_a_class_is_in_one_of_them(database: AsyncEngine, way: str) -> None:
    # BOOK-03, LIVE-13: the lesson and the class are of two Qaris, so that nothing but the learner keeps them apart
    school = await _opened(postgres_units(database))
    async with school.new_unit() as unit:
        await unit.qaris.add(a_qari(user_id=OTHER_QARI))
        await unit.availability.save(a_calendar(qari_id=OTHER_QARI, rules=weekly(("00:00", "24:00")), limits=NO_LIMITS))
        await unit.commit()
    winners, head_start = set(), 0.2
    for number in range(12):
        class_id, day = GroupClassId(UUID(int=CLASS.int + number)), FIRST + timedelta(weeks=number)
        it = await school.planned(class_id=class_id, first_date=day, weekdays=(day.weekday(),), weeks=1)
        (slot,) = it.planned()
        if way != "joins":
            await school.members.add(ADMIN, class_id, LEARNER)
        if way != "opens":
            await school.open_class(TEACHER, class_id)
        async with school.new_unit() as unit:
            occurrences = await unit.classes.occurrences(class_id)
        if way == "moves":
            slot = TimeSlot(slot.start + timedelta(days=1), slot.end + timedelta(days=1))

        async def goes_to_class(
            class_id: GroupClassId = class_id,
            slot: TimeSlot = slot,
            planned: Sequence[Occurrence] = occurrences,
            start: int = number,
        ) -> None:
            await asyncio.sleep(head_start if start == 10 else 0)
            if way == "joins":
                await school.members.add(ADMIN, class_id, LEARNER)
            elif way == "opens":
                await school.open_class(TEACHER, class_id)
            else:
                await school.change.move(TEACHER, planned[0].id, slot.start)

        async def goes_to_lesson(slot: TimeSlot = slot, start: int = number) -> None:
            await asyncio.sleep(head_start if start == 11 else 0)
            await school.hold(qari_id=OTHER_QARI, start=slot.start)

        both: list[Callable[[], Awaitable[None]]]
        both = [goes_to_lesson, goes_to_class] if number % 2 else [goes_to_class, goes_to_lesson]
        results = await asyncio.gather(*(go() for go in both), return_exceptions=True)

        assert sum(isinstance(result, LearnerBusy) for result in results) == 1, results
        async with school.new_unit() as unit:
            lessons = await unit.bookings.busy_of_learner(LEARNER, slot)
            classes = await unit.classes.busy_of_learner(LEARNER, slot)
        assert len(lessons) + len(classes) == 1
        winners.add("lesson" if lessons else "class")
    assert winners == {"lesson", "class"}


@pytest.mark.postgres
@pytest.mark.slow
async def test_a_learner_added_to_two_classes_of_one_time_is_in_one_of_them(database: AsyncEngine) -> None:
    # LIVE-13
    school = await _opened(postgres_units(database))
    async with school.new_unit() as unit:
        await unit.qaris.add(a_qari(user_id=OTHER_QARI))
        await unit.availability.save(a_calendar(qari_id=OTHER_QARI, rules=weekly(("00:00", "24:00")), limits=NO_LIMITS))
        await unit.commit()
    for number in range(0, 12, 2):
        ids = [GroupClassId(UUID(int=CLASS.int + number + extra)) for extra in range(2)]
        day = FIRST + timedelta(weeks=number)
        for class_id, qari_id in zip(ids, (QARI, OTHER_QARI), strict=True):
            await school.plan(
                ADMIN,
                PlanClassCommand(
                    class_id=class_id,
                    qari_id=qari_id,
                    title="Tajwid",
                    subject=Subject.TAJWID,
                    first_date=day,
                    wall=time(18, 0),
                    weekdays=(day.weekday(),),
                    weeks=1,
                    minutes=45,
                    capacity=2,
                    zone=LONDON,
                ),
            )
            await school.open_class(ADMIN, class_id)

        adding = (school.members.add(ADMIN, class_id, LEARNER) for class_id in ids)
        results = await asyncio.gather(*adding, return_exceptions=True)

        assert sum(isinstance(result, LearnerBusy) for result in results) == 1, results


async def _one_holds(school: School, slot: TimeSlot) -> None:
    async with school.new_unit() as unit:
        busy = [each for each in await unit.availability.busy(UserId(QARI), slot) if each.slot.overlaps(slot)]
    assert len(busy) == 1
