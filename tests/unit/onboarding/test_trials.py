"""A trial lesson, what the Qari thinks of it, and how it goes on. (ONB-07, ONB-08)"""

from datetime import timedelta

import pytest

from application.booking.hold_series import HoldSeries
from application.onboarding.trials import (
    ConvertTrial,
    ConvertTrialCommand,
    JudgeTrial,
    JudgeTrialCommand,
    NotATrial,
    SeeTrial,
)
from domain.booking.booking import Booking, Kind
from domain.booking.errors import SeriesClash
from domain.errors import NotFound, NotPermitted
from domain.identity.actor import Party
from domain.ids import UserId
from domain.onboarding.events import TrialJudged
from domain.onboarding.forms import ReadingLevel
from domain.onboarding.placement import placed
from domain.onboarding.trial import TrialConverted, Verdict
from fakes.booking import LEARNER, OTHER_LEARNER
from fakes.clock import NOON
from fakes.identity import a_user
from fakes.onboarding import a_learner_form
from fakes.scheduling import QARI
from fakes.unit import MemoryStore
from support.lessons import OTHER_STUDENT, START, STUDENT, TEACHER, School
from support.units import memory_units


class House:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.school = School(memory_units(self.store))
        units, clock = self.school.new_unit, self.school.clock
        self.judge, self.see = JudgeTrial(units, clock), SeeTrial(units, clock)
        self.convert = ConvertTrial(units, clock, HoldSeries(units, clock))

    async def trial(self, *, held: bool = True) -> Booking:
        await self.school.open()
        async with self.school.new_unit() as unit:
            await unit.users.add(a_user(id=OTHER_LEARNER, number=5))
            await unit.placements.save(placed(LEARNER, a_learner_form(), at=NOON))
            await unit.commit()
        booking = await self.school.hold(kind=Kind.TRIAL)
        if held:
            self.school.clock.advance(START + timedelta(minutes=40) - NOON)
        return await self.school.get(booking)


def of(booking: Booking, verdict: Verdict = Verdict.FITS, level: ReadingLevel | None = None) -> JudgeTrialCommand:
    return JudgeTrialCommand(booking_id=booking.id, verdict=verdict, level=level, note="reads well")


@pytest.fixture
def house() -> House:
    return House()


async def test_the_qari_judges_once_it_has_begun_and_what_he_heard_corrects_the_placement(house: House) -> None:
    # ONB-07, ONB-08
    booking = await house.trial(held=False)
    with pytest.raises(NotATrial):
        await house.judge(TEACHER, of(booking))
    house.school.clock.advance(START + timedelta(minutes=40) - NOON)

    await house.judge(TEACHER, of(booking, Verdict.UNDECIDED))
    await house.judge(TEACHER, of(booking, Verdict.FITS, ReadingLevel.FLUENTLY))

    seen = await house.see(STUDENT, booking.id)
    assert seen.trial is not None
    assert (seen.trial.verdict, seen.party) == (Verdict.FITS, Party.LEARNER)
    placement = house.store.shelf("placements")[LEARNER]
    assert (placement.level, placement.heard_by) == (ReadingLevel.FLUENTLY, QARI)
    assert len([event for event in house.store.events if isinstance(event, TrialJudged)]) == 1


async def test_only_the_qari_who_gave_it_judges_and_only_trials_are_judged(house: House) -> None:
    booking = await house.trial()
    regular = await house.school.hold(start=START + timedelta(days=2))

    with pytest.raises(NotPermitted):
        await house.judge(STUDENT, of(booking))
    with pytest.raises(NotATrial):
        await house.judge(TEACHER, of(regular))
    with pytest.raises(NotATrial):
        await house.see(TEACHER, regular.id)
    with pytest.raises(NotFound):
        await house.see(OTHER_STUDENT, booking.id)


async def test_one_action_goes_on_with_the_same_qari_on_the_same_day_at_the_same_hour(house: House) -> None:
    # ONB-08
    booking = await house.trial()
    await house.judge(TEACHER, of(booking))

    lessons = await house.convert(STUDENT, ConvertTrialCommand(booking_id=booking.id))
    again = await house.convert(STUDENT, ConvertTrialCommand(booking_id=booking.id))

    assert [lesson.slot.start for lesson in lessons] == [START + timedelta(weeks=week) for week in range(1, 5)]
    assert {lesson.qari_id for lesson in lessons} == {QARI}
    assert {lesson.kind for lesson in lessons} == {Kind.REGULAR}
    assert [lesson.id for lesson in again] == [lesson.id for lesson in lessons]
    seen = await house.see(STUDENT, booking.id)
    assert seen.trial is not None
    assert (seen.trial.verdict, seen.trial.series_id) == (Verdict.FITS, lessons[0].series_id)
    with pytest.raises(TrialConverted):
        await house.convert(STUDENT, ConvertTrialCommand(booking_id=booking.id, weeks=8))


async def test_lessons_that_lapsed_do_not_stand_in_the_way_of_another_try(house: House) -> None:
    booking = await house.trial()
    await house.convert(STUDENT, ConvertTrialCommand(booking_id=booking.id))
    house.school.clock.advance(timedelta(hours=1))
    await house.school.expire_holds()

    lessons = await house.convert(STUDENT, ConvertTrialCommand(booking_id=booking.id, weeks=2))

    assert len(lessons) == 2


async def test_a_taken_date_is_named_and_nothing_is_kept(house: House) -> None:
    booking = await house.trial()
    await house.school.hold(OTHER_STUDENT, START + timedelta(weeks=2))

    with pytest.raises(SeriesClash):
        await house.convert(STUDENT, ConvertTrialCommand(booking_id=booking.id))

    seen = await house.see(STUDENT, booking.id)
    assert seen.trial is None


async def test_strangers_do_not_go_on_with_somebody_elses_trial(house: House) -> None:
    booking = await house.trial()

    with pytest.raises(NotFound):
        await house.convert(OTHER_STUDENT, ConvertTrialCommand(booking_id=booking.id))
    assert UserId(OTHER_LEARNER) != booking.learner_id
