"""Who has lessons with whom, and when: weekly habits that fit the Qari's hours, the learner's day, and each other."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from domain.ids import UserId
from domain.scheduling.qari import LessonOffer
from domain.scheduling.slots import free_slots
from domain.time import TimeSlot
from entrypoints.seed.people import People, Student, Teacher

WEEKS_BACK: Final = 13
WEEKS_AHEAD: Final = 4
AWAKE: Final = range(7, 22)


class Course(msgspec.Struct, frozen=True):
    """One learner with one Qari: their lessons in order of time."""

    student: Student
    teacher: Teacher
    offer: LessonOffer
    slots: tuple[TimeSlot, ...]


class Diary:
    """What is taken already. Stretches of one person never overlap."""

    def __init__(self) -> None:
        self._taken: dict[UserId, list[tuple[datetime, datetime]]] = defaultdict(list)
        self._days: Counter[tuple[UserId, object]] = Counter()
        self._weeks: Counter[tuple[UserId, object]] = Counter()

    def take(self, teacher: Teacher, student: Student, slot: TimeSlot) -> bool:
        limits, zone = teacher.calendar.limits, ZoneInfo(teacher.profile.zone)
        busy = slot.padded(limits.buffer_before_min, limits.buffer_after_min)
        local = slot.start.astimezone(zone)
        day, week = (teacher.user.id, local.date()), (teacher.user.id, local.isocalendar()[:2])
        full = self._days[day] >= (limits.daily_cap or 99) or self._weeks[week] >= (limits.weekly_cap or 999)
        if full or not self._free(teacher.user.id, busy) or not self._free(student.user.id, slot):
            return False
        self._put(teacher.user.id, busy)
        self._put(student.user.id, slot)
        self._days[day] += 1
        self._weeks[week] += 1
        return True

    def _free(self, who: UserId, slot: TimeSlot) -> bool:
        taken = self._taken[who]
        at = bisect_left(taken, (slot.start, slot.start))
        before = at > 0 and taken[at - 1][1] > slot.start
        return not before and not (at < len(taken) and taken[at][0] < slot.end)

    def _put(self, who: UserId, slot: TimeSlot) -> None:
        taken = self._taken[who]
        taken.insert(bisect_left(taken, (slot.start, slot.end)), (slot.start, slot.end))


class Timetable:
    def __init__(self, random: Random, now: datetime) -> None:
        self._random, self._now, self._diary = random, now, Diary()
        self._hours: dict[tuple[UserId, int], dict[tuple[int, int], list[TimeSlot]]] = {}

    def courses(self, people: People, children: Sequence[Student] = ()) -> Iterator[Course]:
        """The demo student, who comes first, has a place with both demo Qaris; of the children each has one Qari."""
        abdullah, safiya = people.teachers[:2]
        for number, student in enumerate(people.students):
            wanted = [abdullah, safiya] if number == 0 else self._suitable(student, people.teachers)
            for teacher in wanted:
                course = self._course(student, teacher, keen=number == 0)
                if course is not None:
                    yield course
        for child in children:
            found = (self._course(child, teacher, keen=True) for teacher in self._able(child, people.teachers))
            course = next((course for course in found if course is not None), None)
            if course is not None:
                yield course

    def _suitable(self, student: Student, teachers: list[Teacher]) -> list[Teacher]:
        fit = self._able(student, teachers)
        count = self._random.choices((0, 1, 2), (4, 72, 24))[0]
        return self._random.sample(fit, min(count, len(fit)))

    @staticmethod
    def _able(student: Student, teachers: list[Teacher]) -> list[Teacher]:
        return [
            teacher
            for teacher in teachers
            if student.gender in teacher.profile.teaches_genders
            and set(student.languages) & set(teacher.profile.languages)
        ]

    def _course(self, student: Student, teacher: Teacher, *, keen: bool) -> Course | None:
        offer = self._random.choice(teacher.profile.offers)
        habits = self._habits(teacher, offer.minutes)
        zone = ZoneInfo(student.user.zone)
        good = [key for key, slots in habits.items() if slots and slots[0].start.astimezone(zone).hour in AWAKE]
        if not good:
            return None
        per_week = 2 if keen else self._random.choices((1, 2), (75, 25))[0]
        first_week = 0 if keen else self._random.choices((0, 3, 7, 10), (55, 20, 15, 10))[0]
        last_week = self._random.choices((99, 12, 8), (80, 12, 8))[0] if not keen else 99
        faithful = 1.0 if keen else self._random.choice((0.95, 0.85, 0.6))
        slots = self._soon(habits, teacher, student) if keen else []
        for key in self._random.sample(good, min(per_week, len(good))):
            for slot in habits[key]:
                week = (slot.start - self._now) // timedelta(weeks=1) + WEEKS_BACK
                wanted = first_week <= week <= last_week and self._random.random() < faithful
                if wanted and self._diary.take(teacher, student, slot):
                    slots.append(slot)
        return Course(student, teacher, offer, tuple(sorted(slots))) if slots else None

    def _soon(
        self, habits: dict[tuple[int, int], list[TimeSlot]], teacher: Teacher, student: Student
    ) -> list[TimeSlot]:
        """The demo student has a lesson to join before long, where the hour of the day allows it."""
        coming = TimeSlot(self._now + timedelta(minutes=5), self._now + timedelta(hours=3))
        near = sorted(slot for slots in habits.values() for slot in slots if coming.contains(slot.start))
        return [slot for slot in near[:1] if self._diary.take(teacher, student, slot)]

    def _habits(self, teacher: Teacher, minutes: int) -> dict[tuple[int, int], list[TimeSlot]]:
        """All times at which a lesson may start, by weekday and wall time of the Qari."""
        known = self._hours.get((teacher.user.id, minutes))
        if known is not None:
            return known
        limits = msgspec.structs.replace(
            teacher.calendar.limits, min_notice_min=0, horizon_days=366, daily_cap=None, weekly_cap=None, step_min=30
        )
        start = self._now - timedelta(weeks=WEEKS_BACK)
        window = TimeSlot(start, self._now + timedelta(weeks=WEEKS_AHEAD))
        habits: dict[tuple[int, int], list[TimeSlot]] = defaultdict(list)
        zone = ZoneInfo(teacher.profile.zone)
        for slot in free_slots(teacher.calendar.with_limits(limits), [], window, minutes, start):
            local = slot.start.astimezone(zone)
            habits[local.weekday(), local.hour * 60 + local.minute].append(slot)
        self._hours[teacher.user.id, minutes] = habits
        return habits
