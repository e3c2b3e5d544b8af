"""Qaris and calendars in memory, and builders for both."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.booking.booking import Booking
from domain.errors import Conflict, NotFound
from domain.ids import BookingId, UserId
from domain.money import Money
from domain.scheduling.calendar import Calendar, Limits, WallRange, WeeklyRule
from domain.scheduling.group_class import Occurrence
from domain.scheduling.qari import Gender, LessonOffer, QariProfile
from domain.scheduling.slots import Busy
from domain.time import TimeSlot
from fakes.connections import busy_elsewhere

QARI: Final = UserId(UUID("01980000-0000-7000-8000-00000000aaaa"))
NO_LIMITS: Final = Limits(min_notice_min=0, horizon_days=366)
EVERY_DAY: Final = tuple(range(7))


def a_qari(**changes: Any) -> QariProfile:
    profile = QariProfile(
        user_id=QARI,
        name="Yusuf Rahman",
        gender=Gender.MALE,
        zone="Asia/Karachi",
        country="PK",
        languages=("ur", "en"),
        approved=True,
        offers=(LessonOffer(30, Money(900, "USD"), Money(0, "USD")), LessonOffer(60, Money(1600, "USD"))),
    )
    return msgspec.structs.replace(profile, **changes)


def weekly(*hours: tuple[str, str], days: Iterable[int] = EVERY_DAY) -> list[WeeklyRule]:
    """The same hours on each of these weekdays."""
    return [WeeklyRule(day, WallRange.of(*one)) for day in days for one in hours]


def a_calendar(
    zone: str = "Asia/Karachi",
    *,
    rules: Iterable[WeeklyRule] | None = None,
    overrides: Mapping[date, Sequence[WallRange]] | None = None,
    limits: Limits = NO_LIMITS,
    qari_id: UserId = QARI,
) -> Calendar:
    """Open from nine to five every day, booked to the last minute, unless told otherwise."""
    calendar = Calendar(qari_id=qari_id, zone=zone, limits=limits)
    calendar = calendar.with_rules(weekly(("09:00", "17:00")) if rules is None else rules)
    for day, hours in (overrides or {}).items():
        calendar = calendar.with_override(day, hours)
    return calendar


class MemoryQaris:
    """``calendars`` is shared with ``MemoryAvailability``; the zone is the profile's."""

    def __init__(
        self,
        profiles: dict[UserId, QariProfile],
        calendars: dict[UserId, Calendar],
        genders: dict[UserId, Gender] | None = None,
    ) -> None:
        self._profiles, self._calendars = profiles, calendars
        self._genders: dict[UserId, Gender] = {} if genders is None else genders

    async def get(self, qari_id: UserId) -> QariProfile:
        if qari_id not in self._profiles:
            raise NotFound("there is no such Qari", qari_id=str(qari_id))
        return self._profiles[qari_id]

    async def add(self, profile: QariProfile) -> None:
        if profile.user_id in self._profiles:
            raise Conflict("this Qari has a profile already", qari_id=str(profile.user_id))
        self._profiles[profile.user_id] = profile
        self._calendars[profile.user_id] = Calendar(qari_id=profile.user_id, zone=profile.zone)

    async def save(self, profile: QariProfile) -> None:
        await self.get(profile.user_id)
        self._profiles[profile.user_id] = profile

    async def learner_gender(self, learner_id: UserId) -> Gender | None:
        return self._genders.get(learner_id)

    async def set_learner_gender(self, learner_id: UserId, gender: Gender | None) -> None:
        if gender is None:
            self._genders.pop(learner_id, None)
        else:
            self._genders[learner_id] = gender


class MemoryAvailability:
    """``lessons``: qari → (booking id, what it occupies)."""

    def __init__(
        self,
        profiles: dict[UserId, QariProfile],
        calendars: dict[UserId, Calendar],
        lessons: Mapping[UserId, Sequence[tuple[BookingId, Busy]]] | None = None,
        elsewhere: Callable[[UserId, TimeSlot], list[Busy]] = lambda qari_id, window: [],
    ) -> None:
        self._profiles, self._calendars, self._lessons = profiles, calendars, {} if lessons is None else lessons
        self._elsewhere = elsewhere

    async def get(self, qari_id: UserId) -> Calendar:
        if qari_id not in self._profiles:
            raise NotFound("there is no such Qari", qari_id=str(qari_id))
        calendar = self._calendars.get(qari_id) or Calendar(qari_id=qari_id, zone="UTC")
        return msgspec.structs.replace(calendar, zone=self._profiles[qari_id].zone)

    async def lock(self, qari_id: UserId) -> Calendar:
        return await self.get(qari_id)

    async def save(self, calendar: Calendar) -> None:
        await self.get(calendar.qari_id)
        self._calendars[calendar.qari_id] = calendar

    async def busy(self, qari_id: UserId, window: TimeSlot, *, without: Sequence[BookingId] = ()) -> Sequence[Busy]:
        lessons = [busy for booking_id, busy in self._lessons.get(qari_id, ()) if booking_id not in without]
        return sorted([*lessons, *self._elsewhere(qari_id, window)], key=lambda busy: busy.start_min)

    async def around(self, qari_id: UserId, slot: TimeSlot) -> Sequence[Busy]:
        return await self.busy(qari_id, slot)


class _BookedLessons(Mapping[UserId, Sequence[tuple[BookingId, Busy]]]):
    """What the bookings on the shelf occupy, always as it stands."""

    def __init__(self, bookings: Mapping[BookingId, Booking], occurrences: Mapping[Any, Occurrence]) -> None:
        self._bookings, self._occurrences = bookings, occurrences

    def __getitem__(self, qari_id: UserId) -> Sequence[tuple[BookingId, Busy]]:
        return [
            (
                booking.id,
                Busy.lesson(booking.slot, before_min=booking.buffer_before_min, after_min=booking.buffer_after_min),
            )
            for booking in self._bookings.values()
            if booking.qari_id == qari_id and booking.occupies
        ] + [
            (
                occurrence.lesson_id,
                Busy.lesson(
                    occurrence.slot,
                    before_min=occurrence.buffer_before_min,
                    after_min=occurrence.buffer_after_min,
                ),
            )
            for occurrence in self._occurrences.values()
            if occurrence.qari_id == qari_id and occurrence.stands
        ]

    def __iter__(self) -> Iterator[UserId]:
        return iter(self._qaris())

    def __len__(self) -> int:
        return len(self._qaris())

    def _qaris(self) -> set[UserId]:
        taken = {occurrence.qari_id for occurrence in self._occurrences.values()}
        return {booking.qari_id for booking in self._bookings.values()} | taken


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    profiles, calendars = shelf("qaris"), shelf("calendars")
    if part == "qaris":
        return MemoryQaris(profiles, calendars, shelf("learner_genders"))
    lessons = _BookedLessons(shelf("bookings"), shelf("class_occurrences"))
    return MemoryAvailability(profiles, calendars, lessons, partial(busy_elsewhere, shelf))
