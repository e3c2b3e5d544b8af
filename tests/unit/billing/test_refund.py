"""Money on its way back."""

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.billing.events import RefundFailed, RefundSucceeded
from domain.billing.refund import (
    LIFECYCLE,
    TRANSITIONS,
    RefundStatus,
    given_back,
    spoken_for,
)
from domain.billing.snapshot import RefundSnapshot, RefundSnapshotStatus
from domain.errors import IllegalTransition, Invalid
from domain.ids import RefundId
from domain.money import Money
from fakes.booking import a_booking
from fakes.clock import NOON
from fakes.till import a_refund

BOOKING = a_booking().id


def says(status: RefundSnapshotStatus, cause: str | None = None) -> RefundSnapshot:
    return RefundSnapshot(
        provider_ref="re_1", reference=RefundId(UUID(int=0x4EF)), amount=Money(400, "USD"), status=status, cause=cause
    )


def test_success_is_told_once() -> None:
    refund, told = a_refund().submit().apply(says("succeeded"), settles_booking=True, at=NOON)
    again, nothing = refund.apply(says("succeeded"), settles_booking=True, at=NOON)

    assert refund.status is RefundStatus.SUCCEEDED
    assert [(type(event), event.amount) for event in told] == [(RefundSucceeded, Money(400, "USD"))]
    assert (again, nothing) == (refund, ())


def test_a_refund_that_bounces_days_later_is_told_to_people() -> None:
    refund, _ = a_refund().submit().apply(says("succeeded"), settles_booking=True, at=NOON)
    refund, told = refund.apply(says("failed", "closed_account"), settles_booking=True, at=NOON)

    assert refund.status is RefundStatus.FAILED
    assert not refund.counts
    assert isinstance(told[0], RefundFailed)
    assert told[0].cause == "closed_account"


def test_old_news_moves_nothing_back() -> None:  # PAYM-06
    refund, _ = a_refund().submit().apply(says("succeeded"), settles_booking=False, at=NOON)

    assert refund.apply(says("pending"), settles_booking=False, at=NOON) == (refund, ())


def test_what_failed_is_not_submitted_again() -> None:
    failed, _ = a_refund().submit().refuse("already_refunded", at=NOON)

    with pytest.raises(IllegalTransition):
        failed.submit()


def test_a_refund_gives_something_back() -> None:
    with pytest.raises(Invalid):
        a_refund(amount=Money.zero("USD"))


def test_what_is_on_its_way_counts_as_gone_but_is_not_gone() -> None:
    done, _ = a_refund().submit().apply(says("succeeded"), settles_booking=False, at=NOON)
    failed, _ = a_refund(id=RefundId(UUID(int=2))).submit().refuse("no", at=NOON)
    on_its_way = a_refund(id=RefundId(UUID(int=3)), amount=Money(100, "USD"), booking_id=a_booking(number=2).id)

    refunds = [done, failed, on_its_way]

    assert spoken_for(refunds, "USD") == Money(500, "USD")
    assert given_back(refunds, "USD") == Money(400, "USD")
    assert spoken_for(refunds, "USD", booking_id=BOOKING) == Money(400, "USD")


class RefundLife(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.history = [a_refund()]
        self.successes = self.failures = 0

    @rule(status=st.sampled_from(["pending", "succeeded", "failed", "canceled"]))
    def provider_tells(self, status: RefundSnapshotStatus) -> None:
        refund, told = self.history[-1].apply(says(status), settles_booking=False, at=NOON)
        self.successes += sum(isinstance(event, RefundSucceeded) for event in told)
        self.failures += sum(isinstance(event, RefundFailed) for event in told)
        if refund is not self.history[-1]:
            self.history.append(refund)

    @rule()
    def worker_submits(self) -> None:
        if self.history[-1].status in (RefundStatus.REQUESTED, RefundStatus.SUBMITTED):
            self.history.append(self.history[-1].submit())

    @rule()
    def provider_refuses(self) -> None:
        if self.history[-1].is_under_way:
            refund, _ = self.history[-1].refuse("no", at=NOON)
            self.failures += 1
            self.history.append(refund)

    @invariant()
    def every_step_is_listed(self) -> None:
        assert self.history[0].status in LIFECYCLE.start
        for before, after in pairwise(self.history):
            assert after.status is before.status or after.status in TRANSITIONS[before.status]
            assert after.version == before.version + 1

    @invariant()
    def each_outcome_is_told_once_at_most(self) -> None:
        assert self.successes <= 1
        assert self.failures == int(self.history[-1].status is RefundStatus.FAILED)


TestRefundLife = pytest.mark.slow(RefundLife.TestCase)
