"""Moving, calling off and ending lessons."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from application.booking.cancel_booking import CancelBookingCommand, PreviewCancellation
from application.booking.hold_series import HoldSeries, PreviewSeries, SeriesCommand
from application.booking.record_outcome import RecordOutcome, RecordOutcomeCommand
from application.booking.reschedule_booking import (
    AnswerProposal,
    AnswerProposalCommand,
    PreviewReschedule,
    RescheduleBooking,
    RescheduleCommand,
)
from application.oversight.settings import ChangeSettings
from domain.booking.booking import Booking, Status
from domain.booking.errors import OutcomeWindow, ProposalOpen, SeriesClash, SlotTaken, TermsChanged
from domain.booking.events import BookingCancelled, BookingRescheduled, RescheduleDeclined, RescheduleProposed
from domain.booking.policy import BOOKING_POLICY, BookingPolicy, CancellationTier
from domain.booking.proposal import ProposalStatus
from domain.booking.series import Choice, Scope, WallClock
from domain.errors import IllegalTransition, NotFound, NotPermitted
from domain.ids import ProposalId, SeriesId
from domain.money import Money
from domain.time import zone_of
from fakes.scheduling import QARI
from fakes.unit import MemoryStore
from support.lessons import ADMIN, OTHER_STUDENT, START, STUDENT, SUPPORT, TEACHER, School
from support.units import memory_units

HOUR = timedelta(hours=1)
PROPOSAL = ProposalId(UUID(int=500))
SERIES = SeriesId(UUID(int=600))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def school(store: MemoryStore) -> School:
    return await School(memory_units(store)).open()


def move(booking: Booking, to: datetime, scope: Scope = Scope.ONE) -> RescheduleCommand:
    return RescheduleCommand(booking_id=booking.id, proposal_id=PROPOSAL, to=to, scope=scope)


# BOOK-10
@pytest.mark.parametrize(
    ("hours", "refund"), [(24, 900), (23.999, 450), (4, 450), (3.999, 0)], ids=["24h", "under 24h", "4h", "under 4h"]
)
async def test_the_preview_equals_the_effect(school: School, store: MemoryStore, hours: float, refund: int) -> None:
    booking = await school.confirmed()
    school.clock.set(START - hours * HOUR)
    preview = await PreviewCancellation(school.new_unit, school.clock)(STUDENT, booking.id)

    command = CancelBookingCommand(booking_id=booking.id, reason="ill", agreed_refund=preview.refund)
    (cancelled,) = await school.cancel(STUDENT, command)

    told = store.events[-1]
    assert isinstance(told, BookingCancelled)
    assert (told.refund, told.forfeited) == (preview.refund, preview.forfeited)
    assert told.refund == Money(refund, "USD")
    assert cancelled.status is Status.CANCELLED


async def test_terms_that_changed_since_they_were_shown_are_not_applied(school: School) -> None:
    booking = await school.confirmed()
    school.clock.set(START - 23 * HOUR)

    with pytest.raises(TermsChanged) as refused:
        await school.cancel(STUDENT, CancelBookingCommand(booking_id=booking.id, agreed_refund=Money(900, "USD")))
    assert refused.value.details["refund_minor"] == 450


async def test_only_the_sides_and_staff_who_may_cancel(school: School) -> None:
    booking = await school.confirmed()
    for stranger, refusal in ((OTHER_STUDENT, NotFound), (SUPPORT, NotPermitted)):
        with pytest.raises(refusal):
            await school.cancel(stranger, CancelBookingCommand(booking_id=booking.id))

    assert (await school.cancel(ADMIN, CancelBookingCommand(booking_id=booking.id)))[0].status is Status.CANCELLED
    with pytest.raises(IllegalTransition):
        await school.cancel(ADMIN, CancelBookingCommand(booking_id=booking.id))


# BOOK-10: a change of policy is not retroactive
async def test_a_lesson_keeps_the_rules_it_was_booked_under(school: School) -> None:
    old = await school.confirmed()
    strict = BookingPolicy(cancellation=(CancellationTier(0, 0),))
    change = ChangeSettings(school.new_unit, school.clock)
    edition = await change(ADMIN, BOOKING_POLICY, strict, based_on=0, reason="no refunds in the holidays")
    assert edition.version == 1
    new = await school.confirmed(start=START + HOUR)
    preview = PreviewCancellation(school.new_unit, school.clock)

    assert (await preview(STUDENT, old.id)).refund == Money(900, "USD")
    assert (await preview(STUDENT, new.id)).refund == Money(0, "USD")
    with pytest.raises(NotPermitted):
        await change(SUPPORT, BOOKING_POLICY, strict, based_on=1, reason="too strict")


# BOOK-09
async def test_within_the_policy_a_lesson_moves_at_once(school: School, store: MemoryStore) -> None:
    booking = await school.confirmed()
    reschedule = RescheduleBooking(school.new_unit, school.clock)

    done = await reschedule(STUDENT, move(booking, START + HOUR))

    (moved,) = done.moved
    assert (moved.slot.start, moved.sequence, moved.payment_id) == (START + HOUR, 1, booking.payment_id)
    assert isinstance(store.events[-1], BookingRescheduled)
    assert (await school.hold(OTHER_STUDENT)).slot.start == START
    with pytest.raises(SlotTaken):
        await reschedule(STUDENT, move(moved, START))


# BOOK-09
async def test_outside_the_policy_the_other_side_is_asked(school: School, store: MemoryStore) -> None:
    booking = await school.confirmed()
    school.clock.set(START - 11 * HOUR)
    plan = await PreviewReschedule(school.new_unit, school.clock)(STUDENT, booking.id, START + HOUR)
    assert plan.needs_consent

    done = await RescheduleBooking(school.new_unit, school.clock)(STUDENT, move(booking, START + HOUR))

    assert (await school.get(booking)).slot.start == START
    assert done.proposal is not None
    assert isinstance(store.events[-1], RescheduleProposed)
    answer = AnswerProposal(school.new_unit, school.clock)
    yes = AnswerProposalCommand(proposal_id=PROPOSAL, accept=True)
    for other, refusal in ((STUDENT, NotPermitted), (OTHER_STUDENT, NotFound), (ADMIN, NotPermitted)):
        with pytest.raises(refusal):
            await answer(other, yes)
    (moved,) = (await answer(TEACHER, yes)).moved
    assert (moved.slot.start, moved.moves) == (START + HOUR, 0)


async def test_a_qari_always_asks_and_may_be_refused(school: School, store: MemoryStore) -> None:
    booking = await school.confirmed()
    reschedule = RescheduleBooking(school.new_unit, school.clock)
    await reschedule(TEACHER, move(booking, START + timedelta(minutes=7)))
    with pytest.raises(ProposalOpen):
        await reschedule(TEACHER, move(booking, START + HOUR))

    no = AnswerProposalCommand(proposal_id=PROPOSAL, accept=False)
    await AnswerProposal(school.new_unit, school.clock)(STUDENT, no)

    assert isinstance(store.events[-1], RescheduleDeclined)
    assert (await school.get(booking)).slot.start == START


async def test_an_unanswered_proposal_lapses(school: School, store: MemoryStore) -> None:
    booking = await school.confirmed()
    await RescheduleBooking(school.new_unit, school.clock)(TEACHER, move(booking, START + HOUR))
    school.clock.advance(hours=24)

    assert await school.expire_holds() == 1
    assert store.shelf("proposals")[PROPOSAL].status is ProposalStatus.LAPSED


async def test_a_third_free_move_needs_consent(school: School) -> None:
    booking = await school.confirmed()
    reschedule = RescheduleBooking(school.new_unit, school.clock)
    for hours in (1, 2):
        (booking,) = (await reschedule(STUDENT, move(booking, START + hours * HOUR))).moved

    assert (await reschedule(STUDENT, move(booking, START + 3 * HOUR))).proposal is not None


# BOOK-11
async def test_a_lesson_has_one_outcome(school: School) -> None:
    booking = await school.confirmed()
    record = RecordOutcome(school.new_unit, school.clock)

    async def tell(actor: Any, outcome: Status) -> Booking:
        return await record(actor, RecordOutcomeCommand(booking_id=booking.id, outcome=outcome))

    school.clock.set(START + timedelta(minutes=9))
    with pytest.raises(OutcomeWindow):
        await tell(TEACHER, Status.COMPLETED)
    school.clock.set(START + timedelta(minutes=10))
    with pytest.raises(NotPermitted):
        await tell(TEACHER, Status.NO_SHOW_TEACHER)

    assert (await tell(STUDENT, Status.NO_SHOW_TEACHER)).status is Status.NO_SHOW_TEACHER
    with pytest.raises(IllegalTransition):
        await tell(TEACHER, Status.NO_SHOW_STUDENT)


def a_series(**given: Any) -> SeriesCommand:
    fields: dict[str, Any] = {
        "series_id": SERIES,
        "qari_id": QARI,
        "first_date": date(2026, 9, 20),
        "wall": time(17, 30),
        "minutes": 30,
        "count": 10,
    }
    return SeriesCommand(**(fields | given))


# BOOK-12
async def test_a_series_keeps_the_wall_time_of_whoever_it_follows(school: School) -> None:
    lessons = await HoldSeries(school.new_unit, school.clock)(STUDENT, a_series())

    assert len(lessons) == 10
    london = zone_of("Europe/London")
    assert {lesson.slot.start.astimezone(london).time() for lesson in lessons} == {time(17, 30)}
    assert {lesson.slot.start.hour for lesson in lessons} == {16, 17}
    again = await HoldSeries(school.new_unit, school.clock)(STUDENT, a_series())
    assert [lesson.id for lesson in again] == [lesson.id for lesson in lessons]


# BOOK-12
async def test_clashes_are_listed_and_nothing_is_reserved(school: School, store: MemoryStore) -> None:
    await school.confirmed(OTHER_STUDENT, datetime(2026, 9, 7, 12, 30, tzinfo=UTC))
    command = a_series(first_date=date(2026, 8, 31), wall_clock=WallClock.QARI)
    before = dict(store.bookings)

    with pytest.raises(SeriesClash) as refused:
        await HoldSeries(school.new_unit, school.clock)(STUDENT, command)

    assert store.bookings == before
    (clash,) = refused.value.details["clashes"]
    assert (clash["local_date"], clash["reason"]) == ("2026-09-07", "taken")
    assert len(clash["shift_to"]) == 3

    plan = await PreviewSeries(school.new_unit, school.clock)(STUDENT, command)
    assert [report.clash.local_date for report in plan.clashes] == [date(2026, 9, 7)]
    choices = {date(2026, 9, 7): Choice(plan.clashes[0].instead[0])}
    lessons = await HoldSeries(school.new_unit, school.clock)(
        STUDENT, a_series(first_date=date(2026, 8, 31), wall_clock=WallClock.QARI, choices=choices)
    )
    assert len(lessons) == 10


async def a_paid_series(school: School) -> list[Booking]:
    lessons = await HoldSeries(school.new_unit, school.clock)(STUDENT, a_series())
    await school.pay(*lessons)
    return await school.all(lessons)


# BOOK-12
async def test_one_of_ten_moves_and_nine_stay(school: School) -> None:
    lessons = await a_paid_series(school)
    reschedule = RescheduleBooking(school.new_unit, school.clock)

    await reschedule(STUDENT, move(lessons[3], lessons[3].slot.start + HOUR))

    after = await school.all(lessons)
    assert [new.slot == old.slot for new, old in zip(after, lessons, strict=True)].count(False) == 1
    assert len(after) == 10


# BOOK-12
async def test_this_and_the_following_move_by_the_wall_clock(school: School) -> None:
    lessons = await a_paid_series(school)
    later = lessons[3].slot.start + timedelta(days=7)

    done = await RescheduleBooking(school.new_unit, school.clock)(STUDENT, move(lessons[3], later, Scope.FOLLOWING))

    london = zone_of("Europe/London")
    after = await school.all(lessons)
    assert len(done.moved) == 7
    assert [new.slot for new in after[:3]] == [old.slot for old in lessons[:3]]
    assert {new.slot.start.astimezone(london).time() for new in after} == {time(17, 30)}
    assert [new.slot for new in after[3:9]] == [old.slot for old in lessons[4:]]


async def test_the_rest_of_a_series_is_called_off_at_once(school: School, store: MemoryStore) -> None:
    lessons = await a_paid_series(school)

    cancelled = await school.cancel(STUDENT, CancelBookingCommand(booking_id=lessons[8].id, scope=Scope.FOLLOWING))

    assert [lesson.id for lesson in cancelled] == [lesson.id for lesson in lessons[8:]]
    assert [type(happened) for happened in store.events[-2:]] == [BookingCancelled, BookingCancelled]
