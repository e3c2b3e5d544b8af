"""A weekly lesson at the same wall time: all of its dates are reserved, or none. (BOOK-12)"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Final
from uuid import uuid5

import msgspec

from application.booking.hold_slot import bookable, new_booking, opening, price_of
from application.booking.places import ALTERNATIVES, current_policy, learner_busy
from application.booking.rules import Booked, booked_by
from domain.booking.booking import Booking, Kind
from domain.booking.errors import SameRequestDiffers, SeriesClash
from domain.booking.policy import BookingPolicy
from domain.booking.series import Choice, Clash, Occurrence, Series, WallClock, own_clashes
from domain.errors import Invalid
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import BookingId, SeriesId, UserId
from domain.money import Money, total
from domain.scheduling.calendar import Calendar
from domain.scheduling.qari import QariProfile
from domain.scheduling.slots import Busy, free_starts, why_not
from domain.scheduling.wall_clock import moment_of
from domain.time import TimeSlot, instant
from ports.clock import Clock
from ports.unit_of_work import NewUnit, UnitOfWork

YEAR: Final = 366


class SeriesCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` weeks from ``first_date`` on. ``choices``: what to do about dates that clash. ``series_id`` is the same
    whenever the same wish is sent again.
    """

    series_id: SeriesId
    qari_id: UserId
    first_date: date
    wall: time
    minutes: int
    count: int
    wall_clock: WallClock = WallClock.LEARNER
    choices: Mapping[date, Choice] = {}
    note: str = ""
    learner_id: UserId | None = None


class ClashReport(msgspec.Struct, frozen=True, kw_only=True):
    """``instead``: free starts on the same day of the series' zone, to shift the lesson to."""

    clash: Clash
    instead: tuple[datetime, ...]


class SeriesPlan(msgspec.Struct, frozen=True, kw_only=True):
    series: Series
    occurrences: tuple[Occurrence, ...]
    clashes: tuple[ClashReport, ...]
    price_each: Money
    price_total: Money


class PreviewSeries:
    """Every date, every clash with its reason, and the price. Reserves nothing."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, command: SeriesCommand) -> SeriesPlan:
        actor.require(Permission.BOOK_LESSON)
        now = self._clock.now()
        async with self._new_unit() as unit:
            booked = await booked_by(unit, actor, command.learner_id, now)
            profile = await bookable(unit, command.qari_id, booked.learner_id, now)
            calendar = await unit.availability.get(command.qari_id)
            policy = (await current_policy(unit, now)).policy
            return await _plan(unit, booked, command, profile, calendar, policy, now)


class HoldSeries:
    """Raises what HoldSlot raises, and SeriesClash with all clashes."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, command: SeriesCommand) -> Sequence[Booking]:
        actor.require(Permission.BOOK_LESSON)
        now = self._clock.now()
        async with self._new_unit() as unit:
            await unit.bookings.lock_qari(command.qari_id)
            known = await unit.series.find(command.series_id)
            if known is not None:
                return await _same(unit, known, command.learner_id or actor.user_id, command)
            booked = await booked_by(unit, actor, command.learner_id, now)
            profile = await bookable(unit, command.qari_id, booked.learner_id, now)
            calendar = await unit.availability.get(command.qari_id)
            rules = await current_policy(unit, now)
            plan = await _plan(unit, booked, command, profile, calendar, rules.policy, now)
            if plan.clashes:
                raise _clash(plan.clashes)
            await unit.series.add(plan.series)
            lessons: list[Booking] = []
            for occurrence in plan.occurrences:
                booking = new_booking(
                    BookingId(uuid5(command.series_id, str(occurrence.index))),
                    booked,
                    profile,
                    calendar,
                    occurrence.slot,
                    plan.price_each,
                    rules,
                    now,
                    note=command.note,
                )
                booking = msgspec.structs.replace(booking, series_id=command.series_id, series_index=occurrence.index)
                booking, news = opening(booking)
                if not await unit.bookings.hold(booking):
                    plan = await _plan(unit, booked, command, profile, calendar, rules.policy, now, ours=lessons)
                    raise _clash(plan.clashes)
                lessons.append(booking)
                unit.record(news)
            await unit.commit()
        return lessons


async def _same(unit: UnitOfWork, known: Series, learner_id: UserId, command: SeriesCommand) -> Sequence[Booking]:
    wanted = (learner_id, command.qari_id, command.first_date, command.wall, command.minutes, command.count)
    if (known.learner_id, known.qari_id, known.first_date, known.wall, known.minutes, known.count) != wanted:
        raise SameRequestDiffers("this series was booked before, with other content")
    return await unit.bookings.of_series(known.id)


def _clash(reports: Sequence[ClashReport]) -> SeriesClash:
    return SeriesClash(
        "Some of the dates do not fit; nothing was reserved.",
        clashes=[
            {
                "index": report.clash.index,
                "local_date": report.clash.local_date.isoformat(),
                "starts_at": report.clash.slot.start.isoformat(),
                "reason": report.clash.reason,
                "shift_to": [start.isoformat() for start in report.instead],
                "choices": ["skip", "shift"],
            }
            for report in reports
        ],
    )


async def _plan(
    unit: UnitOfWork,
    booked: Booked,
    command: SeriesCommand,
    profile: QariProfile,
    calendar: Calendar,
    policy: BookingPolicy,
    now: datetime,
    ours: Sequence[Booking] = (),
) -> SeriesPlan:
    """``ours`` are lessons of this very series that are reserved already. The Qari's horizon counts for the first
    lesson alone: a series reaches beyond it by its nature.
    """
    if command.count > policy.series_max:
        raise Invalid("a series has at most {most} lessons", most=policy.series_max, field="count")
    price = price_of(profile, command.minutes, Kind.REGULAR)
    zone = profile.zone
    if command.wall_clock is WallClock.LEARNER:
        zone = (await unit.users.get(booked.learner_id)).zone
    series = Series(
        id=command.series_id,
        learner_id=booked.learner_id,
        payer_id=booked.payer_id,
        qari_id=command.qari_id,
        zone=zone,
        first_date=command.first_date,
        wall=command.wall,
        minutes=command.minutes,
        count=command.count,
        created_at=now,
    )
    occurrences = series.chosen(command.choices)
    window = TimeSlot(occurrences[0].slot.start, occurrences[-1].slot.end)
    without = [booking.id for booking in ours]
    busy = list(await unit.availability.busy(command.qari_id, window, without=without))
    learners = await learner_busy(unit, booked.learner_id, window, without)
    beyond = msgspec.structs.replace(calendar, limits=msgspec.structs.replace(calendar.limits, horizon_days=YEAR))
    clashing, reports = own_clashes(occurrences), []
    for occurrence in occurrences:
        limits = calendar if occurrence.index == 0 else beyond
        found = why_not(limits, busy, occurrence.slot, now)
        reason = found.reason.value if found is not None else None
        if occurrence.index in clashing:
            reason = "own_series"
        elif any(occurrence.slot.overlaps(other) for other in learners):
            reason = "learner_busy"
        if reason is None:
            busy.append(_lesson(calendar, occurrence.slot))
            continue
        clash = Clash(index=occurrence.index, local_date=occurrence.local_date, slot=occurrence.slot, reason=reason)
        reports.append(ClashReport(clash=clash, instead=_instead(beyond, busy, occurrence, zone, now)))
    return SeriesPlan(
        series=series,
        occurrences=tuple(occurrences),
        clashes=tuple(reports),
        price_each=price,
        price_total=total([price] * len(occurrences), price.currency),
    )


def _lesson(calendar: Calendar, slot: TimeSlot) -> Busy:
    return Busy.lesson(slot, before_min=calendar.limits.buffer_before_min, after_min=calendar.limits.buffer_after_min)


def _instead(
    calendar: Calendar, busy: Sequence[Busy], occurrence: Occurrence, zone: str, now: datetime
) -> tuple[datetime, ...]:
    opens = instant(occurrence.local_date, time(), zone)
    day = TimeSlot(opens, instant(occurrence.local_date + timedelta(days=1), time(), zone))
    starts = free_starts(calendar, busy, day, occurrence.slot.minutes, now)
    return tuple(moment_of(start) for start in islice(starts, ALTERNATIVES))
