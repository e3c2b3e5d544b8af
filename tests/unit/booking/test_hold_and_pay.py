"""From the wish to the confirmed lesson, and what happens when the money is late."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from application.booking.answer_request import ApproveRequest, DeclineRequest, DeclineRequestCommand
from application.booking.cancel_booking import CancelBookingCommand
from application.booking.mark_refunded import MarkRefunded
from domain.billing.events import RefundSucceeded
from domain.booking.booking import Booking, Kind, Status
from domain.booking.errors import LearnerBusy, SameRequestDiffers, SlotTaken, SlotUnavailable, TrialUsed
from domain.booking.events import BookingConfirmed, BookingExpired, BookingHeld, BookingRequested, PaidTooLate
from domain.errors import IllegalTransition, NotFound, NotPermitted
from domain.ids import BookingId, EventId, PaymentId, RefundId, UserId
from domain.money import Money
from domain.scheduling.calendar import Limits
from domain.scheduling.qari import BookingMode, Gender, LearnerNotTaught, NotOffered
from fakes.scheduling import a_qari
from fakes.unit import MemoryStore
from support.lessons import OTHER_STUDENT, PAYMENT, START, STUDENT, TEACHER, School, a_student
from support.units import memory_units


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def school(store: MemoryStore) -> School:
    return await School(memory_units(store)).open()


def news(store: MemoryStore) -> list[str]:
    return [type(happened).__name__ for happened in store.events]


async def test_a_hold_has_the_price_of_the_offer_and_ends_after_a_quarter(school: School, store: MemoryStore) -> None:
    booking = await school.hold(minutes=60)

    assert booking.status is Status.HELD
    assert booking.price == Money(1600, "USD")
    assert booking.hold_expires_at == school.clock.now() + timedelta(minutes=15)
    assert news(store) == ["BookingHeld"]


# BOOK-03
async def test_the_loser_hears_where_else_to_go(school: School) -> None:
    await school.hold()

    with pytest.raises(SlotTaken) as refused:
        await school.hold(OTHER_STUDENT)

    assert refused.value.details["next_free"] == [
        (START + timedelta(minutes=minutes)).isoformat() for minutes in (30, 60, 90)
    ]


async def test_the_same_wish_sent_again_is_the_same_booking(school: School, store: MemoryStore) -> None:
    booking_id = BookingId(UUID(int=42))
    first = await school.hold(booking_id=booking_id)

    assert await school.hold(booking_id=booking_id) == first
    assert news(store) == ["BookingHeld"]
    with pytest.raises(SameRequestDiffers):
        await school.hold(booking_id=booking_id, minutes=60)


async def test_outside_the_rules_there_is_no_slot(school: School) -> None:
    with pytest.raises(SlotUnavailable) as refused:
        await school.hold(start=START + timedelta(minutes=7))
    assert refused.value.details["reason"] == "off_grid"
    with pytest.raises(NotOffered):
        await school.hold(minutes=45)
    with pytest.raises(NotFound):
        await school.hold(qari_id=UserId(UUID(int=404)))
    with pytest.raises(NotPermitted):
        await school.hold(TEACHER)


async def test_a_learner_is_in_one_place_at_a_time(school: School) -> None:
    other = UserId(UUID(int=5))
    async with school.new_unit() as unit:
        await unit.qaris.add(a_qari(user_id=other))
        await unit.availability.save(
            msgspec.structs.replace(await unit.availability.get(STUDENT_QARI), qari_id=other, zone="Asia/Karachi")
        )
        await unit.commit()
    await school.hold()

    with pytest.raises(LearnerBusy):
        await school.hold(qari_id=other)


STUDENT_QARI = TEACHER.user_id


# DISC-12
async def test_a_qari_teaches_whom_he_teaches(store: MemoryStore) -> None:
    school = await School(memory_units(store)).open(teaches_genders=frozenset({Gender.FEMALE}))

    with pytest.raises(LearnerNotTaught):
        await school.hold()
    async with school.new_unit() as unit:
        await unit.qaris.set_learner_gender(STUDENT.user_id, Gender.FEMALE)
        await unit.commit()
    assert (await school.hold()).status is Status.HELD


async def test_a_full_day_takes_no_more(store: MemoryStore) -> None:
    limits = Limits(min_notice_min=0, horizon_days=60, daily_cap=1)
    school = await School(memory_units(store)).open(limits=limits)
    await school.hold()

    with pytest.raises(SlotUnavailable) as refused:
        await school.hold(OTHER_STUDENT, START + timedelta(hours=1))
    assert refused.value.details["reason"] == "day_full"


# BOOK-15
async def test_a_free_trial_is_confirmed_at_once_and_there_is_one(school: School, store: MemoryStore) -> None:
    trial = await school.hold(kind=Kind.TRIAL)

    assert trial.status is Status.CONFIRMED
    assert news(store) == ["BookingConfirmed"]
    with pytest.raises(TrialUsed):
        await school.hold(kind=Kind.TRIAL, start=START + timedelta(days=1))


# BOOK-02
async def test_money_confirms_and_says_so_once(school: School, store: MemoryStore) -> None:
    booking = await school.confirmed()
    await school.pay(booking)

    assert booking.status is Status.CONFIRMED
    assert booking.payment_id == PAYMENT
    assert news(store) == ["BookingHeld", "BookingConfirmed"]


# BOOK-04
async def test_an_unpaid_hold_expires_to_the_minute(school: School, store: MemoryStore) -> None:
    booking = await school.hold()
    school.clock.advance(minutes=14.99)
    assert await school.expire_holds() == 0
    school.clock.advance(minutes=0.01)

    assert await school.expire_holds() == 1
    assert await school.expire_holds() == 0
    assert (await school.get(booking)).status is Status.EXPIRED
    assert isinstance(store.events[-1], BookingExpired)
    assert (await school.hold(OTHER_STUDENT)).status is Status.HELD


async def expired(school: School) -> Booking:
    booking = await school.hold()
    school.clock.advance(minutes=15)
    await school.expire_holds()
    return booking


# BOOK-04
async def test_late_money_books_again_what_is_still_free(school: School) -> None:
    booking = await expired(school)

    await school.pay(booking)

    assert (await school.get(booking)).status is Status.CONFIRMED


# BOOK-04
async def test_late_money_for_a_slot_that_is_gone_is_told_once(school: School, store: MemoryStore) -> None:
    booking = await expired(school)
    await school.hold(OTHER_STUDENT)

    await school.pay(booking)
    await school.pay(booking)

    late = [happened for happened in store.events if isinstance(happened, PaidTooLate)]
    assert [(told.payment_id, told.amount) for told in late] == [(PAYMENT, booking.price)]
    assert (await school.get(booking)).status is Status.EXPIRED


async def test_money_for_a_cancelled_booking_is_too_late(school: School, store: MemoryStore) -> None:
    booking = await school.hold()
    await school.cancel(STUDENT, CancelBookingCommand(booking_id=booking.id))

    await school.pay(booking)

    assert isinstance(store.events[-1], PaidTooLate)
    assert (await school.get(booking)).status is Status.CANCELLED


# BOOK-02, BOOK-04
async def test_payments_that_come_at_once_end_as_each_by_itself_would(school: School, store: MemoryStore) -> None:
    lost, again = await expired(school), await school.hold(start=START + timedelta(days=1))
    school.clock.advance(minutes=15)
    await school.expire_holds()
    await school.hold(OTHER_STUDENT)  # takes the time of the first one
    held, twice = [await school.hold(start=START + timedelta(days=day)) for day in (2, 3)]
    first, second = PAYMENT, PaymentId(UUID(int=PAYMENT.int + 1))
    paid = [school.captured(held, twice), school.captured(twice, payment_id=second)]
    paid += [school.captured(lost), school.captured(again)]
    events = [(EventId(UUID(int=number)), captured) for number, captured in enumerate(paid)]

    for _ in range(2):
        await school.confirm_paid.together(events)

    found = {lesson.id: await school.get(lesson) for lesson in (held, twice, lost, again)}
    assert [found[lesson.id].status for lesson in (held, twice, lost, again)] == [
        Status.CONFIRMED,
        Status.CONFIRMED,
        Status.EXPIRED,
        Status.CONFIRMED,
    ]
    assert (found[twice.id].payment_id, found[twice.id].late_payment_id) == (first, second)
    late = [happened for happened in store.events if isinstance(happened, PaidTooLate)]
    assert sorted((told.booking_id, told.payment_id) for told in late) == [(lost.id, first), (twice.id, second)]


async def test_a_refund_that_settles_ends_the_lesson(school: School) -> None:
    mark = MarkRefunded(school.new_unit, school.clock)
    booking = await school.confirmed()

    async def refunded(payment_id: PaymentId = PAYMENT, settles: bool = True) -> Status:
        event = RefundSucceeded(
            at=school.clock.now(),
            refund_id=RefundId(UUID(int=3)),
            payment_id=payment_id,
            payer_id=booking.payer_id,
            booking_id=booking.id,
            amount=booking.price,
            settles_booking=settles,
        )
        await mark(EventId(UUID(int=2)), event)
        return (await school.get(booking)).status

    second = PaymentId(UUID(int=78))
    await school.pay(booking, payment_id=second)
    assert await refunded(second) is Status.CONFIRMED
    await school.cancel(STUDENT, CancelBookingCommand(booking_id=booking.id))
    assert await refunded(settles=False) is Status.CANCELLED
    assert await refunded() is Status.REFUNDED
    assert await refunded() is Status.REFUNDED


# BOOK-06
async def test_a_request_that_holds_nothing_competes_at_approval(store: MemoryStore) -> None:
    school = await School(memory_units(store)).open(booking_mode=BookingMode.REQUEST)
    approve = ApproveRequest(school.new_unit, school.clock)
    first, second = await school.hold(), await school.hold(OTHER_STUDENT)
    assert isinstance(store.events[0], BookingRequested)

    approved = await approve(TEACHER, first.id)

    assert approved.status is Status.HELD
    assert isinstance(store.events[-1], BookingHeld)
    assert store.events[-1].after_request
    with pytest.raises(SlotTaken):
        await approve(TEACHER, second.id)
    with pytest.raises(NotPermitted):
        await approve(STUDENT, second.id)
    with pytest.raises(IllegalTransition):
        await approve(TEACHER, first.id)


# BOOK-06
async def test_a_request_may_hold_its_slot(store: MemoryStore) -> None:
    school = await School(memory_units(store)).open(booking_mode=BookingMode.REQUEST, request_holds_slot=True)
    asked = await school.hold()
    with pytest.raises(SlotTaken):
        await school.hold(OTHER_STUDENT)

    decline = DeclineRequest(school.new_unit, school.clock)
    await decline(TEACHER, DeclineRequestCommand(booking_id=asked.id, reason="travelling"))

    assert (await school.hold(OTHER_STUDENT)).status is Status.REQUESTED


async def test_an_approved_free_trial_needs_no_payment(store: MemoryStore) -> None:
    school = await School(memory_units(store)).open(booking_mode=BookingMode.REQUEST)
    asked = await school.hold(kind=Kind.TRIAL)

    assert (await ApproveRequest(school.new_unit, school.clock)(TEACHER, asked.id)).status is Status.CONFIRMED
    assert isinstance(store.events[-1], BookingConfirmed)


async def test_nobody_answers_a_request_for_ever(store: MemoryStore) -> None:
    school = await School(memory_units(store)).open(booking_mode=BookingMode.REQUEST)
    await school.hold(a_student(1))
    school.clock.advance(hours=24)

    assert await school.expire_holds() == 1
