"""The rules at their edges, to the minute."""

from datetime import timedelta

import msgspec
import pytest

from domain.booking.booking import Booking, Status
from domain.booking.errors import LessonStarted, OutcomeWindow, OutsideJoinWindow
from domain.booking.policy import (
    BookingPolicy,
    CancellationTier,
    cancellation,
    may_join,
    moves_freely,
    read_policy,
    require_outcome,
)
from domain.errors import IllegalTransition, Invalid, NotFound, NotPermitted
from domain.identity.actor import Party
from domain.money import Money
from fakes.booking import a_booking, a_confirmed
from support.lessons import ADMIN, OTHER_STUDENT, START, STUDENT, TEACHER

POLICY = BookingPolicy()
SECOND = timedelta(seconds=1)


# BOOK-10
@pytest.mark.parametrize(
    ("notice", "percent"),
    [
        (timedelta(hours=24), 100),
        (timedelta(hours=24) - SECOND, 50),
        (timedelta(hours=4), 50),
        (timedelta(hours=4) - SECOND, 0),
        (SECOND, 0),
    ],
)
def test_a_learner_gets_back_what_his_notice_earns(notice: timedelta, percent: int) -> None:
    terms = cancellation(a_confirmed(), POLICY, Party.LEARNER, START - notice)

    assert terms.refund_percent == percent
    assert terms.refund == Money(900, "USD").percent(percent)
    assert terms.refund + terms.forfeited == terms.paid == Money(900, "USD")


# BOOK-10
@pytest.mark.parametrize("by", [Party.QARI, Party.STAFF])
def test_from_the_other_side_all_comes_back(by: Party) -> None:
    assert cancellation(a_confirmed(), POLICY, by, START - SECOND).refund == Money(900, "USD")


def test_giving_up_a_hold_moves_no_money() -> None:
    terms = cancellation(a_booking(), POLICY, Party.LEARNER, START - timedelta(days=1, hours=12))

    assert (terms.paid.minor, terms.refund.minor, terms.forfeited.minor) == (0, 0, 0)


def test_what_has_started_or_ended_is_not_cancelled() -> None:
    with pytest.raises(LessonStarted):
        cancellation(a_confirmed(), POLICY, Party.STAFF, START)
    with pytest.raises(IllegalTransition):
        cancellation(a_booking(status=Status.EXPIRED), POLICY, Party.LEARNER, START)


@pytest.mark.parametrize(
    "tiers",
    [
        (),
        (CancellationTier(60, 100),),
        (CancellationTier(0, 0), CancellationTier(60, 100)),
        (CancellationTier(0, 101),),
    ],
)
def test_tiers_that_make_no_sense_are_refused(tiers: tuple[CancellationTier, ...]) -> None:
    with pytest.raises(Invalid):
        BookingPolicy(cancellation=tiers)


# BOOK-09
@pytest.mark.parametrize(
    ("by", "notice", "moves", "freely"),
    [
        (Party.LEARNER, timedelta(hours=12), 1, True),
        (Party.LEARNER, timedelta(hours=12) - SECOND, 0, False),
        (Party.LEARNER, timedelta(hours=48), 2, False),
        (Party.QARI, timedelta(hours=48), 0, False),
        (Party.STAFF, timedelta(minutes=1), 9, True),
    ],
)
def test_who_moves_a_lesson_alone(by: Party, notice: timedelta, moves: int, freely: bool) -> None:
    assert moves_freely(a_confirmed(moves=moves), POLICY, by, START - notice) is freely


# LIVE-08
@pytest.mark.parametrize("minutes", [-15, 0, 44])
def test_the_door_is_open_around_the_lesson(minutes: int) -> None:
    now = START + timedelta(minutes=minutes)

    assert may_join(a_confirmed(), STUDENT, now, POLICY) is Party.LEARNER
    assert may_join(a_confirmed(), TEACHER, now, POLICY) is Party.QARI


# LIVE-08
@pytest.mark.parametrize("minutes", [-16, 45])
def test_the_door_is_shut_before_and_after(minutes: int) -> None:
    with pytest.raises(OutsideJoinWindow) as refused:
        may_join(a_confirmed(), STUDENT, START + timedelta(minutes=minutes), POLICY)

    assert refused.value.code == "outside_join_window"
    assert refused.value.details["opens_at"] == (START - timedelta(minutes=15)).isoformat()


def test_the_door_is_for_the_two_sides_of_a_lesson_that_stands() -> None:
    with pytest.raises(NotFound):
        may_join(a_confirmed(), OTHER_STUDENT, START, POLICY)
    with pytest.raises(IllegalTransition):
        may_join(a_booking(status=Status.CANCELLED), STUDENT, START, POLICY)


# BOOK-11
@pytest.mark.parametrize(
    ("by", "outcome", "opens", "closes"),
    [
        (Party.QARI, Status.COMPLETED, timedelta(minutes=10), timedelta(days=7, minutes=30)),
        (Party.QARI, Status.NO_SHOW_STUDENT, timedelta(minutes=10), timedelta(days=7, minutes=30)),
        (Party.LEARNER, Status.NO_SHOW_TEACHER, timedelta(minutes=10), timedelta(hours=48, minutes=30)),
    ],
)
def test_outcomes_are_told_in_their_window(by: Party, outcome: Status, opens: timedelta, closes: timedelta) -> None:
    lesson: Booking = a_confirmed()
    require_outcome(lesson, POLICY, by, outcome, START + opens)
    require_outcome(lesson, POLICY, by, outcome, START + closes - SECOND)
    for moment in (START + opens - SECOND, START + closes):
        with pytest.raises(OutcomeWindow):
            require_outcome(lesson, POLICY, by, outcome, moment)
    require_outcome(lesson, POLICY, lesson.party_of(ADMIN), outcome, START + timedelta(days=300))


def test_each_side_tells_only_of_the_other() -> None:
    for by, outcome in ((Party.QARI, Status.NO_SHOW_TEACHER), (Party.LEARNER, Status.COMPLETED)):
        with pytest.raises(NotPermitted):
            require_outcome(a_confirmed(), POLICY, by, outcome, START + timedelta(minutes=20))


def test_a_policy_survives_its_row() -> None:
    row = msgspec.json.decode(msgspec.json.encode(POLICY), type=BookingPolicy)

    assert row == POLICY
    assert read_policy(None).version == 0
