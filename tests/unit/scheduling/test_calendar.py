"""What a calendar and a profile accept, and how they say no. (DISC-02, DISC-12)"""

from datetime import date
from typing import Any

import pytest

from domain.errors import Invalid
from domain.money import Money
from domain.scheduling.calendar import BadLimit, BadRange, Limits, OverlappingRanges, WallRange, WeeklyRule
from domain.scheduling.qari import Gender, LearnerNotTaught, LessonOffer, NotOffered
from fakes.scheduling import a_calendar, a_qari, weekly


@pytest.mark.parametrize(
    ("start", "end"), [("09:00", "09:00"), ("24:00", "02:00"), ("9:00", "10:00"), ("09:00", "24:30")]
)
def test_a_range_that_is_none_is_refused(start: str, end: str) -> None:
    with pytest.raises(BadRange):
        WallRange.of(start, end)


def test_a_range_lasts_less_than_24_hours_or_one_whole_day() -> None:
    assert WallRange.of("00:00", "24:00").texts == ("00:00", "24:00")
    assert WallRange(600, 600 + 1439).texts == ("10:00", "09:59")
    with pytest.raises(BadRange, match="24 hours"):
        WallRange(600, 600 + 1440)


def test_an_end_before_the_start_is_on_the_next_day() -> None:
    assert WallRange.of("22:00", "02:00") == WallRange(1320, 1560)
    assert WallRange.of("22:00", "00:00") == WallRange(1320, 1440)


@pytest.mark.parametrize(
    "rules",
    [
        weekly(("09:00", "12:00"), ("11:30", "13:00"), days=[0]),
        [WeeklyRule(0, WallRange.of("22:00", "02:00")), WeeklyRule(1, WallRange.of("01:30", "03:00"))],
        [WeeklyRule(6, WallRange.of("22:00", "02:00")), WeeklyRule(0, WallRange.of("01:30", "03:00"))],
        weekly(("09:00", "12:00"), ("09:00", "12:00"), days=[0]),
    ],
)
def test_rules_do_not_overlap_even_over_midnight_or_the_weeks_end(rules: list[WeeklyRule]) -> None:
    with pytest.raises(OverlappingRanges):
        a_calendar(rules=rules)


def test_rules_may_touch() -> None:
    assert len(a_calendar(rules=weekly(("00:00", "12:00"), ("12:00", "24:00"))).rules) == 14


def test_an_override_replaces_the_one_before_and_can_be_taken_back() -> None:
    day = date(2026, 7, 13)
    closed = a_calendar().with_override(day, [])

    assert closed.overrides == {day: ()}
    assert closed.with_override(day, [WallRange(60, 120)]).overrides == {day: (WallRange(60, 120),)}
    assert closed.with_override(day, None).overrides == {}
    with pytest.raises(OverlappingRanges):
        closed.with_override(day, [WallRange(60, 120), WallRange(90, 150)])


@pytest.mark.parametrize(
    "limits",
    [{"buffer_before_min": -1}, {"horizon_days": 0}, {"daily_cap": 0}, {"weekly_cap": 0}, {"step_min": 7}],
)
def test_limits_have_limits(limits: dict[str, Any]) -> None:
    with pytest.raises(BadLimit):
        Limits(**limits)


def test_offers_have_one_price_for_a_length_and_one_currency() -> None:
    half, hour = LessonOffer(30, Money(900, "USD")), LessonOffer(60, Money(1600, "USD"))

    assert a_qari().offering([hour, half]).offers == (half, hour)
    with pytest.raises(Invalid):
        a_qari().offering([half, half])
    with pytest.raises(Invalid):
        a_qari().offering([half, LessonOffer(60, Money(1600, "GBP"))])
    with pytest.raises(NotOffered):
        a_qari().offer_of(45)


@pytest.mark.parametrize("taught", [frozenset(Gender), frozenset({Gender.FEMALE})])
def test_a_qari_who_teaches_women_takes_women(taught: frozenset[Gender]) -> None:  # DISC-12
    a_qari(teaches_genders=taught).require_learner(Gender.FEMALE)


@pytest.mark.parametrize("learner", [Gender.MALE, None])
def test_a_qari_who_teaches_women_only_takes_nobody_else(learner: Gender | None) -> None:  # DISC-12
    with pytest.raises(LearnerNotTaught):
        a_qari(teaches_genders=frozenset({Gender.FEMALE})).require_learner(learner)


def test_who_teaches_everybody_need_not_know() -> None:
    a_qari().require_learner(None)
