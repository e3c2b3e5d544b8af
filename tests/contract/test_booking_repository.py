"""What every BookingRepository promises, in memory and on PostgreSQL."""

import asyncio
from datetime import date, time, timedelta
from uuid import UUID

import msgspec
import pytest

from domain.booking.booking import Booking, Kind, Status
from domain.booking.errors import LearnerBusy, ProposalOpen, SlotTaken
from domain.booking.policy import BOOKING_POLICY, BookingPolicy, PolicyRow, read_policy
from domain.booking.proposal import Proposal
from domain.booking.series import Scope, Series
from domain.errors import Conflict, NotFound, StaleWrite
from domain.identity.actor import Party
from domain.ids import BookingId, PaymentId, ProposalId, SeriesId, UserId
from domain.time import TimeSlot
from fakes.booking import LEARNER, OTHER_LEARNER, a_booking, a_confirmed
from fakes.clock import NOON
from fakes.scheduling import QARI
from ports.unit_of_work import NewUnit
from support.units import memory_units, postgres_units

PAYMENT = PaymentId(UUID(int=77))
SERIES = SeriesId(UUID(int=55))
START = NOON + timedelta(days=2)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_unit(request: pytest.FixtureRequest) -> NewUnit:
    if request.param == "memory":
        return memory_units()
    return postgres_units(request.getfixturevalue("database"))


async def hold(new_unit: NewUnit, *bookings: Booking) -> list[bool]:
    async with new_unit() as unit:
        results = [await unit.bookings.hold(booking) for booking in bookings]
        await unit.commit()
    return results


async def stored(new_unit: NewUnit, booking: Booking) -> Booking:
    async with new_unit() as unit:
        return await unit.bookings.get(booking.id)


def learner(number: int) -> UserId:
    return UserId(UUID(int=0x01980000_0000_7000_8000_000000010000 + number))


async def test_a_booking_comes_back_as_it_went(new_unit: NewUnit) -> None:
    booking = a_booking(
        kind=Kind.TRIAL, note="surat al-Mulk", buffer_before_min=5, buffer_after_min=10, reason="", moves=1, sequence=2
    )

    assert await hold(new_unit, booking) == [True]
    assert await stored(new_unit, booking) == booking


async def test_an_unknown_booking_is_not_found(new_unit: NewUnit) -> None:
    async with new_unit() as unit:
        assert await unit.bookings.find(a_booking().id) is None
        with pytest.raises(NotFound):
            await unit.bookings.get(a_booking().id)


async def test_leaving_without_commit_leaves_nothing(new_unit: NewUnit) -> None:
    async with new_unit() as unit:
        await unit.bookings.hold(a_booking())
    async with new_unit() as unit:
        assert await unit.bookings.find(a_booking().id) is None


# BOOK-03
async def test_of_a_hundred_parallel_holds_for_one_slot_one_succeeds(new_unit: NewUnit) -> None:
    wishes = [a_booking(number=n, learner_id=learner(n)) for n in range(1, 101)]

    results = await asyncio.gather(*(hold(new_unit, wish) for wish in wishes))

    assert results.count([True]) == 1
    assert results.count([False]) == 99


# BOOK-03
async def test_a_learner_is_in_one_lesson_at_a_time(new_unit: NewUnit) -> None:
    other_qari = UserId(UUID(int=1))
    overlapping = a_booking(number=2, qari_id=other_qari, start=START + timedelta(minutes=15))
    adjacent = a_booking(number=3, qari_id=other_qari, start=START + timedelta(minutes=30))

    assert await hold(new_unit, a_booking(), overlapping, adjacent) == [True, False, True]


async def test_adjacent_lessons_of_a_qari_keep_his_buffers(new_unit: NewUnit) -> None:
    def lesson(number: int, minutes: int) -> Booking:
        return a_booking(
            number=number,
            learner_id=learner(number),
            start=START + timedelta(minutes=minutes),
            buffer_before_min=5,
            buffer_after_min=10,
        )

    assert await hold(new_unit, lesson(1, 0), lesson(2, 30), lesson(3, 44), lesson(4, 45), lesson(5, -45)) == [
        True,
        False,
        False,
        True,
        True,
    ]


async def test_a_known_id_is_not_held_twice(new_unit: NewUnit) -> None:
    again = a_booking(start=START + timedelta(days=1))

    assert await hold(new_unit, a_booking(), again) == [True, False]


# BOOK-15
async def test_one_trial_for_a_learner_and_a_qari_until_it_falls_through(new_unit: NewUnit) -> None:
    first = a_booking(kind=Kind.TRIAL)
    second = a_booking(number=2, kind=Kind.TRIAL, start=START + timedelta(days=1))
    elsewhere = a_booking(number=3, kind=Kind.TRIAL, learner_id=OTHER_LEARNER, start=START + timedelta(days=2))
    assert await hold(new_unit, first, second, elsewhere) == [True, False, True]
    async with new_unit() as unit:
        assert await unit.bookings.trial_of(LEARNER, QARI) == first
        await unit.bookings.save(first.expire(at=NOON + timedelta(hours=1))[0])
        assert await unit.bookings.trial_of(LEARNER, QARI) is None
        await unit.commit()

    assert await hold(new_unit, second) == [True]


async def test_an_ended_booking_frees_its_time(new_unit: NewUnit) -> None:
    await hold(new_unit, a_booking())
    async with new_unit() as unit:
        await unit.bookings.save(a_booking().expire(at=NOON + timedelta(hours=1))[0])
        await unit.commit()

    assert await hold(new_unit, a_booking(number=2, learner_id=OTHER_LEARNER)) == [True]


# BOOK-04
async def test_an_expired_booking_takes_its_time_again_only_if_it_is_free(new_unit: NewUnit) -> None:
    booking = a_booking()
    expired, _ = booking.expire(at=NOON + timedelta(hours=1))
    confirmed, _ = expired.confirm(payment_id=PAYMENT, at=NOON + timedelta(hours=2))
    rival = a_booking(number=2, learner_id=OTHER_LEARNER, start=START + timedelta(minutes=10))
    await hold(new_unit, booking)
    async with new_unit() as unit:
        await unit.bookings.save(expired)
        assert await unit.bookings.hold(rival)
        assert not await unit.bookings.reoccupy(confirmed)
        assert await unit.bookings.get(booking.id) == expired
        await unit.bookings.save(rival.expire(at=NOON + timedelta(hours=1))[0])
        assert await unit.bookings.reoccupy(confirmed)
        await unit.commit()

    assert (await stored(new_unit, booking)).status is Status.CONFIRMED


async def test_the_second_of_two_writers_is_told(new_unit: NewUnit) -> None:
    booking = a_booking()
    confirmed, _ = booking.confirm(payment_id=PAYMENT, at=NOON)
    await hold(new_unit, booking)
    async with new_unit() as unit:
        await unit.bookings.save(confirmed)
        await unit.commit()

    async with new_unit() as unit:
        with pytest.raises(StaleWrite):
            await unit.bookings.save(confirmed)


# BOOK-06
async def test_of_two_overlapping_approvals_one_wins(new_unit: NewUnit) -> None:
    requests = [
        a_booking(number=n, learner_id=learner(n), status=Status.REQUESTED, start=START + timedelta(minutes=10 * n))
        for n in (1, 2)
    ]
    assert await hold(new_unit, *requests) == [True, True]

    async def approve(request: Booking) -> bool:
        async with new_unit() as unit:
            answer, _ = request.approve(hold_until=NOON + timedelta(hours=3), at=NOON)
            won = await unit.bookings.reoccupy(answer)
            await unit.commit()
        return won

    assert sorted(await asyncio.gather(*map(approve, requests))) == [False, True]


# BOOK-09
async def test_a_lesson_moves_only_to_a_free_time(new_unit: NewUnit) -> None:
    lesson = a_confirmed()
    others = a_confirmed(number=2, learner_id=OTHER_LEARNER, start=START + timedelta(hours=1))
    own = a_confirmed(number=3, qari_id=UserId(UUID(int=1)), start=START + timedelta(hours=2))
    await hold(new_unit, lesson, others, own)

    def moved(hours: float) -> Booking:
        to = TimeSlot.lasting(START + timedelta(hours=hours), 30)
        return lesson.reschedule(to, by=Party.LEARNER, counts=True, at=NOON)[0]

    async with new_unit() as unit:
        with pytest.raises(SlotTaken):
            await unit.bookings.move([moved(1.25)])
    async with new_unit() as unit:
        with pytest.raises(LearnerBusy):
            await unit.bookings.move([moved(2.25)])
    async with new_unit() as unit:
        await unit.bookings.move([moved(0.25)])
        await unit.commit()
    assert await stored(new_unit, lesson) == moved(0.25)


# BOOK-12
async def test_lessons_of_a_series_move_into_each_others_old_times(new_unit: NewUnit) -> None:
    agreed = a_series()
    week = timedelta(weeks=1)
    lessons = [a_confirmed(number=n + 1, start=START + n * week, series_id=SERIES, series_index=n) for n in range(3)]
    async with new_unit() as unit:
        await unit.series.add(agreed)
        for lesson in lessons:
            assert await unit.bookings.hold(lesson)
        await unit.commit()

    async with new_unit() as unit:
        moved = [
            lesson.reschedule(
                TimeSlot(lesson.slot.start + week, lesson.slot.end + week), by=Party.STAFF, counts=False, at=NOON
            )[0]
            for lesson in await unit.bookings.of_series(SERIES)
        ]
        await unit.bookings.move(moved)
        await unit.commit()

    async with new_unit() as unit:
        assert await unit.bookings.of_series(SERIES) == moved


async def test_expired_holds_are_those_whose_time_is_over(new_unit: NewUnit) -> None:
    over = a_booking(number=1)
    asked = a_booking(number=2, status=Status.REQUESTED, start=START + timedelta(hours=1))
    running = a_booking(number=3, start=START + timedelta(hours=2), hold_expires_at=NOON + timedelta(hours=1))
    confirmed = a_confirmed(number=4, start=START + timedelta(hours=3))
    await hold(new_unit, over, asked, running, confirmed)

    async with new_unit() as unit:
        due = await unit.bookings.expired_holds(NOON + timedelta(minutes=15), 10)
        assert await unit.bookings.expired_holds(NOON + timedelta(minutes=14), 10) == []
    assert {booking.id for booking in due} == {over.id, asked.id}


async def test_what_keeps_a_learner_busy(new_unit: NewUnit) -> None:
    lesson = a_booking()
    asked = a_booking(number=2, status=Status.REQUESTED, start=START + timedelta(hours=1))
    await hold(new_unit, lesson, asked)

    async with new_unit() as unit:
        day = TimeSlot(START - timedelta(hours=1), START + timedelta(hours=5))
        assert await unit.bookings.busy_of_learner(LEARNER, day) == [lesson]
        after = TimeSlot(lesson.slot.end, START + timedelta(hours=5))
        assert await unit.bookings.busy_of_learner(LEARNER, after) == []
        await unit.bookings.lock_qari(QARI)


def a_series(**changes: object) -> Series:
    return msgspec.structs.replace(
        Series(
            id=SERIES,
            learner_id=LEARNER,
            payer_id=LEARNER,
            qari_id=QARI,
            zone="Europe/London",
            first_date=date(2026, 7, 17),
            wall=time(17, 30),
            minutes=30,
            count=10,
            created_at=NOON,
        ),
        **changes,
    )


async def test_a_series_is_added_once_and_saved_in_turn(new_unit: NewUnit) -> None:
    later = a_series(wall=time(18, 0), version=2)
    async with new_unit() as unit:
        await unit.series.add(a_series())
        await unit.series.save(later)
        await unit.commit()

    async with new_unit() as unit:
        assert await unit.series.get(SERIES) == later
        assert await unit.series.find(SeriesId(UUID(int=1))) is None
        with pytest.raises(Conflict):
            await unit.series.add(a_series())
        with pytest.raises(StaleWrite):
            await unit.series.save(later)


async def test_one_proposal_is_open_at_a_time(new_unit: NewUnit) -> None:
    def a_proposal(number: int) -> Proposal:
        return Proposal(
            id=ProposalId(UUID(int=number)),
            booking_id=BookingId(a_booking().id),
            by=Party.QARI,
            slot=TimeSlot.lasting(START + timedelta(days=1), 30),
            scope=Scope.FOLLOWING,
            created_at=NOON,
            answer_by=NOON + timedelta(hours=24),
        )

    await hold(new_unit, a_confirmed())
    async with new_unit() as unit:
        await unit.proposals.add(a_proposal(1))
        with pytest.raises(ProposalOpen):
            await unit.proposals.add(a_proposal(2))
        assert await unit.proposals.open_of(a_booking().id) == a_proposal(1)
        assert await unit.proposals.unanswered(NOON + timedelta(hours=23), 10) == []
        assert await unit.proposals.unanswered(NOON + timedelta(hours=24), 10) == [a_proposal(1)]
        accepted = a_proposal(1).accept(by=Party.LEARNER, at=NOON)
        await unit.proposals.save(accepted)
        with pytest.raises(StaleWrite):
            await unit.proposals.save(accepted)
        assert await unit.proposals.get(accepted.id) == accepted
        assert await unit.proposals.open_of(a_booking().id) is None
        await unit.proposals.add(a_proposal(2))


async def test_the_latest_policy_in_effect_is_the_current_one(new_unit: NewUnit) -> None:
    def version(number: int, days: int) -> PolicyRow:
        body = msgspec.json.encode(BookingPolicy(hold_min=number)).decode()
        at = NOON + timedelta(days=days)
        return PolicyRow(kind=BOOKING_POLICY, version=number, body=body, effective_from=at, created_by=LEARNER)

    async with new_unit() as unit:
        assert read_policy(await unit.policies.current(BOOKING_POLICY, NOON)).policy == BookingPolicy()
        await unit.policies.add(version(1, -2))
        await unit.policies.add(version(2, -1))
        await unit.policies.add(version(3, 1))
        with pytest.raises(Conflict):
            await unit.policies.add(version(3, 1))
        assert read_policy(await unit.policies.current(BOOKING_POLICY, NOON)).version == 2
        assert read_policy(await unit.policies.version(BOOKING_POLICY, 1)).policy.hold_min == 1
        assert await unit.policies.current("commission", NOON - timedelta(days=9999)) is None
