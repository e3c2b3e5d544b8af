"""A trial lesson, from the Qari's verdict to weekly lessons at the same hour. (ONB-07, ONB-08)"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final
from uuid import uuid5

import msgspec

from application.booking.hold_series import HoldSeries, SeriesCommand
from application.booking.rules import booked_by, party_in
from domain.booking.booking import OUTCOMES, Booking, Kind, Status
from domain.booking.series import Choice, WallClock
from domain.errors import Conflict, NotPermitted
from domain.identity.actor import Actor, Party
from domain.identity.guardianship import Right
from domain.identity.permission import Permission
from domain.ids import BookingId, SeriesId, UserId
from domain.onboarding.forms import ReadingLevel
from domain.onboarding.placement import Placement
from domain.onboarding.trial import Trial, TrialConverted, Verdict
from domain.time import zone_of
from ports.clock import Clock
from ports.unit_of_work import NewUnit, UnitOfWork

WEEKS: Final = 4
GONE: Final = frozenset({Status.CANCELLED, Status.EXPIRED, Status.REFUNDED})


class NotATrial(Conflict):
    """Only trial lessons that were held are judged and converted."""

    code = "not_a_trial"


class JudgeTrialCommand(msgspec.Struct, frozen=True, kw_only=True):
    booking_id: BookingId
    verdict: Verdict
    level: ReadingLevel | None = None
    note: str = ""


class JudgeTrial:
    """By the Qari who gave it, once it has begun; he may change his mind. What he heard corrects the placement.

    Raises NotPermitted, NotFound, NotATrial.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, command: JudgeTrialCommand) -> Trial:
        actor.require(Permission.TEACH)
        now = self._clock.now()
        async with self._new_unit() as unit:
            booking = await unit.bookings.get(command.booking_id)
            if booking.party_of(actor) is not Party.QARI:
                raise NotPermitted("a trial is judged by the Qari who gave it")
            _require_held(booking, now)
            known = await unit.trials.find(booking.id)
            trial = Trial(
                booking_id=booking.id,
                learner_id=booking.learner_id,
                qari_id=booking.qari_id,
                verdict=command.verdict,
                level=command.level,
                note=command.note.strip(),
                judged_at=now,
                series_id=known.series_id if known is not None else None,
            )
            await unit.trials.save(trial)
            if command.level is not None:
                await self._heard(unit, trial, command.level, actor.user_id, now)
            if known is None:
                unit.record(trial.judged())
            await unit.commit()
        return trial

    @staticmethod
    async def _heard(unit: UnitOfWork, trial: Trial, level: ReadingLevel, by: UserId, at: datetime) -> None:
        placement = await unit.placements.find(trial.learner_id)
        if placement is not None:
            await unit.placements.save(placement.heard(level, by=by, at=at))


class TrialView(msgspec.Struct, frozen=True, kw_only=True):
    """``trial`` is None before the Qari has judged it."""

    booking: Booking
    trial: Trial | None
    party: Party


class SeeTrial:
    """For the learner's side, the Qari and staff. Raises NotPermitted, NotFound, NotATrial."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, booking_id: BookingId) -> TrialView:
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            booking = await unit.bookings.get(booking_id)
            party = await party_in(unit, booking, actor, Right.SEE, self._clock.now())
            if party is Party.STAFF:
                actor.require(Permission.SEE_BOOKINGS)
            if booking.kind is not Kind.TRIAL:
                raise NotATrial("this is not a trial lesson")
            return TrialView(booking=booking, trial=await unit.trials.find(booking_id), party=party)


class ConvertTrialCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``weeks`` lessons with the same Qari, on the same weekday at the same hour as the trial. ``choices``: what to do
    about dates that clash.
    """

    booking_id: BookingId
    weeks: int = WEEKS
    choices: Mapping[date, Choice] = {}


class ConvertTrial:
    """One action: the trial's Qari and hour become weekly lessons, held for payment like any series. The same wish
    again finds the same lessons, unless they have lapsed. The first one is a week after the trial, or the next such
    day that is still ahead.

    Raises what HoldSeries raises, NotATrial, TrialConverted.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, hold_series: HoldSeries) -> None:
        self._new_unit, self._clock, self._hold_series = new_unit, clock, hold_series

    async def __call__(self, actor: Actor, command: ConvertTrialCommand) -> list[Booking]:
        actor.require(Permission.BOOK_LESSON)
        now = self._clock.now()
        async with self._new_unit() as unit:
            booking = await unit.bookings.get(command.booking_id)
            await booked_by(unit, actor, _child(booking, actor), now)
            _require_held(booking, now)
            zone = (await unit.users.get(booking.learner_id)).zone
            trial = await unit.trials.find(booking.id)
            known = list(await unit.bookings.of_series(trial.series_id)) if trial and trial.series_id else []
        if any(lesson.status not in GONE for lesson in known):
            if len(known) != command.weeks:
                raise TrialConverted("this trial led to weekly lessons already", series_id=str(known[0].series_id))
            return known
        before = trial.series_id if trial is not None else None
        series_id = SeriesId(uuid5(booking.id, f"weekly:{command.weeks}:{before}"))
        lessons = await self._hold_series(actor, _weekly(booking, actor, series_id, zone, command, now))
        async with self._new_unit() as unit:
            trial = await unit.trials.find(booking.id) or _unjudged(booking, now)
            await unit.trials.save(trial.converted(series_id))
            await unit.commit()
        return list(lessons)


def _require_held(booking: Booking, now: datetime) -> None:
    held = booking.status is Status.CONFIRMED or booking.status in OUTCOMES
    if booking.kind is not Kind.TRIAL or not held or booking.slot.start > now:
        raise NotATrial("only a trial lesson that was held can be judged or go on as weekly lessons")


def _child(booking: Booking, actor: Actor) -> UserId | None:
    """Whom the actor books for, where it is not himself; whether he may is asked on the way."""
    return booking.learner_id if booking.learner_id != actor.user_id else None


def _unjudged(booking: Booking, now: datetime) -> Trial:
    return Trial(
        booking_id=booking.id,
        learner_id=booking.learner_id,
        qari_id=booking.qari_id,
        verdict=Verdict.UNDECIDED,
        judged_at=now,
    )


def _weekly(
    booking: Booking, actor: Actor, series_id: SeriesId, zone: str, command: ConvertTrialCommand, now: datetime
) -> SeriesCommand:
    local = booking.slot.start.astimezone(zone_of(zone))
    day, today = local.date() + timedelta(weeks=1), now.astimezone(zone_of(zone)).date()
    while day <= today:
        day += timedelta(weeks=1)
    return SeriesCommand(
        series_id=series_id,
        qari_id=booking.qari_id,
        first_date=day,
        wall=local.time(),
        minutes=booking.slot.minutes,
        count=command.weeks,
        wall_clock=WallClock.LEARNER,
        choices=command.choices,
        learner_id=_child(booking, actor),
    )


class SeePlacement:
    """A learner's own, or his as the school sees it. None before he was let in. Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, learner_id: UserId) -> Placement | None:
        if actor.user_id != learner_id:
            actor.require(Permission.SEE_PEOPLE)
        async with self._new_unit() as unit:
            return await unit.placements.find(learner_id)
