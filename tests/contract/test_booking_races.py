"""Many people at once, on PostgreSQL: the use cases keep their promises where it counts."""

import asyncio
from collections import Counter
from datetime import date, time, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from application.booking.answer_request import ApproveRequest
from application.booking.hold_series import HoldSeries, SeriesCommand
from application.booking.reschedule_booking import RescheduleBooking, RescheduleCommand
from domain.booking.booking import Booking, Kind, Status
from domain.booking.errors import LearnerBusy, SeriesClash, SlotTaken, SlotUnavailable, TrialUsed
from domain.booking.series import WallClock
from domain.errors import Conflict
from domain.identity.actor import Actor
from domain.ids import BookingId, ProposalId, SeriesId
from domain.scheduling.calendar import Limits
from domain.scheduling.qari import BookingMode
from fakes.identity import a_user
from fakes.scheduling import QARI
from support.lessons import START, STUDENT, TEACHER, School, a_student
from support.units import postgres_units

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def school(database: AsyncEngine) -> School:
    return School(postgres_units(database))


def outcomes(results: list[Booking | BaseException]) -> Counter[str]:
    return Counter(
        result.status.value if isinstance(result, Booking) else getattr(result, "code", repr(result))
        for result in results
    )


# BOOK-03
async def test_a_hundred_learners_want_one_slot(school: School) -> None:
    await school.open()

    results = await asyncio.gather(*(school.hold(a_student(n)) for n in range(100)), return_exceptions=True)

    assert outcomes(results) == {"held": 1, "slot_taken": 99}
    losers = [result for result in results if isinstance(result, SlotTaken)]
    assert all(len(loser.details["next_free"]) == 3 for loser in losers)


# BOOK-03
async def test_overlapping_wishes_leave_what_fits(school: School) -> None:
    await school.open()
    starts = [START + timedelta(minutes=30 * (n % 6)) for n in range(60)]

    results = await asyncio.gather(
        *(school.hold(a_student(n), start, minutes=60) for n, start in enumerate(starts)), return_exceptions=True
    )

    held = sorted((r for r in results if isinstance(r, Booking)), key=lambda booking: booking.slot)
    assert all(not early.slot.overlaps(late.slot) for early, late in pairwise(held))
    assert 3 <= len(held) <= 4
    assert outcomes(results).keys() == {"held", "slot_taken"}


# BOOK-15
async def test_one_learner_presses_trial_many_times(school: School) -> None:
    await school.open()

    results = await asyncio.gather(
        *(school.hold(start=START + timedelta(hours=n), kind=Kind.TRIAL) for n in range(8)), return_exceptions=True
    )

    assert outcomes(results) == {"confirmed": 1, TrialUsed.code: 7}


async def test_the_same_wish_sent_at_once_is_one_booking(school: School) -> None:
    await school.open()
    booking_id = BookingId(UUID(int=42))

    results = await asyncio.gather(*(school.hold(booking_id=booking_id) for _ in range(8)))

    assert {booking.id for booking in results} == {booking_id}


async def test_the_last_lesson_of_a_capped_day_goes_to_one(school: School) -> None:
    await school.open(limits=Limits(min_notice_min=0, horizon_days=60, daily_cap=2))

    results = await asyncio.gather(
        *(school.hold(a_student(n), START + timedelta(minutes=30 * n)) for n in range(10)), return_exceptions=True
    )

    assert outcomes(results) == {"held": 2, SlotUnavailable.code: 8}


# BOOK-06
async def test_overlapping_requests_are_approved_at_once(school: School) -> None:
    await school.open(booking_mode=BookingMode.REQUEST)
    requests = [await school.hold(a_student(n)) for n in range(4)]
    approve = ApproveRequest(school.new_unit, school.clock)

    results = await asyncio.gather(*(approve(TEACHER, asked.id) for asked in requests), return_exceptions=True)

    assert outcomes(results) == {"held": 1, "slot_taken": 3}


# BOOK-12
async def test_series_that_cross_are_reserved_whole_or_not_at_all(school: School) -> None:
    await school.open()
    people = [a_student(n) for n in range(6)]
    async with school.new_unit() as unit:
        for n, person in enumerate(people, 2):
            await unit.users.add(a_user(id=person.user_id, number=n))
        await unit.commit()
    hold = HoldSeries(school.new_unit, school.clock)

    async def wish(n: int, person: Actor) -> int:
        command = SeriesCommand(
            series_id=SeriesId(UUID(int=n + 1)),
            qari_id=QARI,
            first_date=date(2026, 7, 20) + timedelta(weeks=n),
            wall=time(10),
            minutes=30,
            count=8,
            wall_clock=WallClock.QARI,
        )
        return len(await hold(person, command))

    results = await asyncio.gather(*(wish(n, person) for n, person in enumerate(people)), return_exceptions=True)

    won = [n for n, result in enumerate(results) if result == 8]
    assert len(won) == 1
    assert all(isinstance(result, SeriesClash) for n, result in enumerate(results) if n not in won)
    async with school.new_unit() as unit:
        for n in range(6):
            assert len(await unit.bookings.of_series(SeriesId(UUID(int=n + 1)))) == (8 if n in won else 0)


# BOOK-09
async def test_two_lessons_move_to_one_free_time(school: School) -> None:
    await school.open()
    people = [a_student(n) for n in range(4)]
    lessons = [await school.confirmed(person, START + timedelta(hours=n)) for n, person in enumerate(people)]
    reschedule = RescheduleBooking(school.new_unit, school.clock)

    async def move(n: int) -> int:
        command = RescheduleCommand(
            booking_id=lessons[n].id, proposal_id=ProposalId(UUID(int=n)), to=START + timedelta(hours=9)
        )
        return len((await reschedule(people[n], command)).moved)

    results = await asyncio.gather(*map(move, range(4)), return_exceptions=True)

    assert results.count(1) == 1
    assert all(isinstance(result, Conflict) for result in results if result != 1)


# BOOK-04
async def test_late_money_races_a_new_learner(school: School) -> None:
    await school.open()
    booking = await school.hold()
    school.clock.advance(minutes=15)
    await school.expire_holds()

    _, other = await asyncio.gather(school.pay(booking), school.hold(a_student(1)), return_exceptions=True)

    confirmed = (await school.get(booking)).status is Status.CONFIRMED
    assert confirmed == isinstance(other, SlotTaken)


async def test_two_sweepers_end_each_hold_once(school: School) -> None:
    await school.open()
    for n in range(12):
        await school.hold(a_student(n), START + timedelta(hours=n))
    school.clock.advance(minutes=15)

    assert sum(await asyncio.gather(*(school.expire_holds() for _ in range(3)))) == 12


async def test_a_learner_presses_overlapping_times_at_once(school: School) -> None:
    await school.open()
    results = await asyncio.gather(
        *(school.hold(STUDENT, START + timedelta(minutes=30 * (n % 2)), minutes=60) for n in range(6)),
        return_exceptions=True,
    )

    assert outcomes(results)["held"] == 1
    assert outcomes(results).keys() <= {"held", SlotTaken.code, LearnerBusy.code}
