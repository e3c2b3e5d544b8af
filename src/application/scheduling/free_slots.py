"""Anybody looks at one Qari and the times he is free. (DISC-03, L10N-05)"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

import msgspec

from domain.errors import Invalid
from domain.ids import UserId
from domain.scheduling.qari import NotOffered
from domain.scheduling.slots import free_slots, next_free
from domain.time import TimeSlot, zone_of
from ports.clock import Clock
from ports.scheduling.queries import QariDirectory, QariPage

WEEK: Final = timedelta(days=7)
LONGEST: Final = timedelta(days=62)
NEAR: Final = timedelta(days=400)
BEYOND: Final = timedelta(days=31)
"""So far after an empty window the next free slot is looked for."""


class FreeSlotsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Slots that start from ``start`` (now, if none) to ``end`` (a week later, if none), of that length (the shortest
    one offered, if none). ``zone`` is the viewer's: it changes labels, never slots.
    """

    qari_id: UserId
    zone: str
    start: datetime | None = None
    end: datetime | None = None
    minutes: int | None = None


class SlotDay(msgspec.Struct, frozen=True, kw_only=True):
    """``date`` is the viewer's."""

    date: date
    slots: tuple[TimeSlot, ...]


class FreeSlotsFound(msgspec.Struct, frozen=True, kw_only=True):
    """``days`` holds only days with slots. ``next_free`` is the first slot after now, also beyond the window; None
    when there is none for a month after it.
    """

    qari: QariPage
    minutes: int
    zone: str
    window: TimeSlot
    days: tuple[SlotDay, ...]
    next_free: TimeSlot | None

    @property
    def slots(self) -> list[TimeSlot]:
        return [slot for day in self.days for slot in day.slots]


class FreeSlots:
    """Raises NotFound, NotOffered, UnknownZone, Invalid."""

    def __init__(self, directory: QariDirectory, clock: Clock) -> None:
        self._directory, self._clock = directory, clock

    async def __call__(self, query: FreeSlotsQuery) -> FreeSlotsFound:
        zone_of(query.zone)
        now = self._clock.now()
        start = query.start or now
        if abs(start - now) > NEAR:
            raise Invalid("ask for a time within a year of today", field="from")
        end = query.end or start + WEEK
        if end <= start:
            raise Invalid("the window ends after it starts", field="to")
        if end - start > LONGEST:
            raise Invalid("ask for {days} days at most", days=LONGEST.days, field="to")
        window, searched = TimeSlot(start, end), TimeSlot(min(start, now), max(end, now) + BEYOND)
        qari = await self._directory.page(query.qari_id, searched)
        lengths = [offer.minutes for offer in qari.offers]
        minutes = query.minutes or lengths[0]
        if minutes not in lengths:
            raise NotOffered(
                "{name} gives no lessons of {minutes} minutes",
                name=qari.name,
                minutes=minutes,
                field="minutes",
                offered=lengths,
            )
        slots = free_slots(qari.calendar, qari.busy, window, minutes, now)
        return FreeSlotsFound(
            qari=qari,
            minutes=minutes,
            zone=query.zone,
            window=window,
            days=by_day(slots, query.zone),
            next_free=next_free(qari.calendar, qari.busy, searched, minutes, now),
        )


def by_day(slots: Iterable[TimeSlot], zone: str) -> tuple[SlotDay, ...]:
    """Slots in order, grouped by the date on the viewer's wall."""
    known = zone_of(zone)
    grouped = groupby(slots, key=lambda slot: slot.start.astimezone(known).date())
    return tuple(SlotDay(date=day, slots=tuple(found)) for day, found in grouped)
