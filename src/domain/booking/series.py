"""A weekly lesson: the same wall time every week, in one person's zone, over a change of the clocks too. (BOOK-12)"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

import msgspec

from domain.booking.booking import Booking
from domain.errors import Invalid
from domain.ids import SeriesId, UserId
from domain.time import TimeSlot, instant, zone_of


class Scope(StrEnum):
    """How much of a series a change means."""

    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"


class WallClock(StrEnum):
    """Whose clock the series keeps to."""

    LEARNER = "learner"
    QARI = "qari"


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """What was agreed: ``count`` weeks from ``first_date`` on, at ``wall`` in ``zone``. The lessons are bookings."""

    id: SeriesId
    learner_id: UserId
    payer_id: UserId
    qari_id: UserId
    zone: str
    first_date: date
    wall: time
    minutes: int
    count: int
    created_at: datetime
    version: int = 1

    def __post_init__(self) -> None:
        if self.count < 2:
            raise Invalid("a series has at least two lessons", field="count")
        zone_of(self.zone)

    def planned(self) -> list["Occurrence"]:
        """One per week, in order."""
        days = [self.first_date + timedelta(weeks=week) for week in range(self.count)]
        return [
            Occurrence(index=n, local_date=day, slot=TimeSlot.lasting(instant(day, self.wall, self.zone), self.minutes))
            for n, day in enumerate(days)
        ]

    def chosen(self, choices: Mapping[date, "Choice"]) -> list["Occurrence"]:
        """The planned lessons without the skipped dates and with the shifted ones moved, in order of time.

        Raises Invalid for a choice about a date that is not in the series.
        """
        planned = {occurrence.local_date: occurrence for occurrence in self.planned()}
        for day in choices.keys() - planned.keys():
            raise Invalid("{day} is not a date of this series", day=str(day), field="choices")
        kept: list[Occurrence] = []
        for day, occurrence in planned.items():
            choice = choices.get(day)
            if choice is None:
                kept.append(occurrence)
            elif choice.shift_to is not None:
                slot = TimeSlot.lasting(choice.shift_to, self.minutes)
                kept.append(msgspec.structs.replace(occurrence, slot=slot))
        if not kept:
            raise Invalid("nothing is left of the series", field="choices")
        ordered = sorted(kept, key=lambda o: o.slot)
        return [msgspec.structs.replace(occurrence, index=n) for n, occurrence in enumerate(ordered)]


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    local_date: date
    slot: TimeSlot


class Choice(msgspec.Struct, frozen=True):
    """What to do about a date that clashes: move it there, or (None) leave it out."""

    shift_to: datetime | None = None


class Clash(msgspec.Struct, frozen=True, kw_only=True):
    """``reason`` is ``learner_busy``, ``slot_taken``, ``own_series`` or a word of the slot engine."""

    index: int
    local_date: date
    slot: TimeSlot
    reason: str


def own_clashes(occurrences: Sequence[Occurrence]) -> set[int]:
    """Indexes of lessons that run into the one before: a shifted one may."""
    ordered = sorted(occurrences, key=lambda o: o.slot)
    return {late.index for early, late in pairwise(ordered) if early.slot.overlaps(late.slot)}


def shifted(lessons: Sequence[Booking], moved: Booking, to: datetime, zone: str) -> list[tuple[Booking, TimeSlot]]:
    """The new times when ``moved`` goes to ``to`` and the others move alike: as many local days, to the same wall
    time in ``zone``. So 17:00 becomes 18:00 on both sides of a change of the clocks.
    """
    local_was, local_to = moved.slot.start.astimezone(zone_of(zone)), to.astimezone(zone_of(zone))
    days = (local_to.date() - local_was.date()).days
    result = []
    for lesson in lessons:
        start = to.astimezone(UTC)
        if lesson.id != moved.id:
            day = lesson.slot.start.astimezone(zone_of(zone)).date() + timedelta(days=days)
            start = instant(day, local_to.time(), zone)
        result.append((lesson, TimeSlot.lasting(start, lesson.slot.minutes)))
    return result
