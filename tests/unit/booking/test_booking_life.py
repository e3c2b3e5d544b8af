"""No sequence of steps leads a lesson where the table does not. (BOOK-01)"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.booking.booking import LIFECYCLE, OCCUPYING, TRANSITIONS, Booking, Status
from domain.booking.events import BookingCancelled
from domain.booking.policy import BookingPolicy, cancellation
from domain.errors import Conflict, IllegalTransition
from domain.events import Event
from domain.identity.actor import Party
from domain.ids import PaymentId
from domain.money import Money
from domain.time import TimeSlot
from fakes.booking import a_booking
from fakes.clock import NOON

PAYMENT = PaymentId(UUID(int=7))
Step = Callable[[Booking, datetime], tuple[Booking, Event | None]]


def cancel(booking: Booking, at: datetime) -> tuple[Booking, Event]:
    terms = cancellation(booking, BookingPolicy(), Party.LEARNER, at)
    return booking.cancel(by=Party.LEARNER, reason="ill", refund=terms.refund, at=at)


def later(booking: Booking, at: datetime) -> tuple[Booking, Event]:
    to = TimeSlot.lasting(at + timedelta(days=1, hours=1), booking.slot.minutes)
    return booking.reschedule(to, by=Party.LEARNER, counts=True, at=at)


STEPS: dict[str, Step] = {
    "approve": lambda b, at: b.approve(hold_until=at + timedelta(hours=1), at=at),
    "decline": lambda b, at: b.decline(reason="", at=at),
    "begin_payment": lambda b, at: (b.begin_payment(payment_id=PAYMENT, at=at), None),
    "confirm": lambda b, at: b.confirm(payment_id=PAYMENT, at=at),
    "expire": lambda b, at: b.expire(at=at),
    "too_late": lambda b, at: b.paid_too_late(payment_id=PAYMENT, at=at),
    "cancel": cancel,
    "reschedule": later,
    "complete": lambda b, at: b.complete(at=at),
    "student_no_show": lambda b, at: b.mark_student_no_show(at=at),
    "teacher_no_show": lambda b, at: b.mark_teacher_no_show(at=at),
    "refund": lambda b, at: b.mark_refunded(at=at),
}


class BookingLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now, self.history = NOON, [a_booking(status=Status.REQUESTED)]

    @rule(minutes=st.integers(0, 24 * 60))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(name=st.sampled_from(sorted(STEPS)))
    def something_happens(self, name: str) -> None:
        before = self.history[-1]
        with suppress(Conflict):
            after, news = STEPS[name](before, self.now)
            self.history.append(after)
            if isinstance(news, BookingCancelled):
                paid = before.price if before.status is Status.CONFIRMED else Money.zero("USD")
                assert news.refund + news.forfeited == paid
                assert news.was_confirmed == (before.status is Status.CONFIRMED)

    @invariant()
    def every_step_is_legal_and_counted(self) -> None:
        for before, after in pairwise(self.history):
            assert after.status in TRANSITIONS[before.status] or after.status is before.status
            assert after.version == before.version + 1
            assert before.status not in LIFECYCLE.terminal or after.status is before.status
            assert after.price == before.price
            assert after.slot == before.slot or after.sequence == before.sequence + 1

    @invariant()
    def it_occupies_exactly_while_it_stands(self) -> None:
        assert self.history[-1].occupies == (self.history[-1].status in OCCUPYING)


TestBookingLife = BookingLife.TestCase


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("name", ["approve", "decline", "begin_payment", "expire", "complete", "refund"])
def test_what_the_table_does_not_list_is_refused(status: Status, name: str) -> None:  # BOOK-01
    leads_to = {
        "approve": Status.HELD,
        "decline": Status.CANCELLED,
        "begin_payment": Status.PENDING_PAYMENT,
        "expire": Status.EXPIRED,
        "complete": Status.COMPLETED,
        "refund": Status.REFUNDED,
    }[name]
    booking = a_booking(status=status, hold_expires_at=None)
    at = booking.slot.end
    answers_a_request = name in ("approve", "decline")
    legal = leads_to in TRANSITIONS[status] and (not answers_a_request or status is Status.REQUESTED)

    if legal:
        assert STEPS[name](booking, at)[0].status is leads_to
    else:
        with pytest.raises(IllegalTransition):
            STEPS[name](booking, at)


def test_money_that_comes_twice_is_told_once() -> None:
    confirmed, _ = a_booking().confirm(payment_id=PAYMENT, at=NOON)
    second = PaymentId(UUID(int=8))

    late, news = confirmed.paid_too_late(payment_id=second, at=NOON)

    assert (late.status, late.payment_id, news.payment_id) == (Status.CONFIRMED, PAYMENT, second)
    assert late.knows_payment(second)
    assert late.knows_payment(PAYMENT)
    with pytest.raises(Conflict):
        late.paid_too_late(payment_id=second, at=NOON)
