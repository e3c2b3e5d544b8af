"""A weekly lesson keeps its wall time. (BOOK-12)"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking.booking import Status
from domain.booking.series import Choice, Series, own_clashes, shifted
from domain.errors import Invalid
from domain.ids import SeriesId
from domain.time import zone_of
from fakes.booking import LEARNER, a_booking
from fakes.clock import NOON
from fakes.scheduling import QARI

ZONES = st.sampled_from(["Europe/London", "Asia/Karachi", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])


def a_series(zone: str, first: date, wall: time, count: int = 10) -> Series:
    return Series(
        id=SeriesId(UUID(int=5)),
        learner_id=LEARNER,
        payer_id=LEARNER,
        qari_id=QARI,
        zone=zone,
        first_date=first,
        wall=wall,
        minutes=30,
        count=count,
        created_at=NOON,
    )


def test_over_a_change_of_the_clocks_the_wall_time_stays() -> None:
    starts = [o.slot.start for o in a_series("Europe/London", date(2026, 10, 18), time(18), 2).planned()]

    assert starts == [datetime(2026, 10, 18, 17, tzinfo=UTC), datetime(2026, 10, 25, 18, tzinfo=UTC)]


@given(ZONES, st.dates(date(2026, 1, 1), date(2027, 1, 1)), st.integers(6, 22), st.integers(2, 52))
def test_every_week_has_its_lesson_at_its_wall_time(zone: str, first: date, hour: int, count: int) -> None:
    planned = a_series(zone, first, time(hour), count).planned()

    assert len(planned) == count
    assert {o.slot.start.astimezone(zone_of(zone)).time() for o in planned} == {time(hour)}
    assert all(late.local_date - early.local_date == timedelta(weeks=1) for early, late in pairwise(planned))
    assert own_clashes(planned) == set()


@given(ZONES, st.dates(date(2026, 1, 1), date(2027, 1, 1)), st.integers(-6, 6), st.integers(6, 22), st.integers(0, 9))
def test_moved_together_they_keep_one_wall_time(zone: str, first: date, days: int, hour: int, which: int) -> None:
    planned = a_series(zone, first, time(12)).planned()
    lessons = [
        a_booking(
            number=o.index + 1,
            start=o.slot.start,
            series_id=SeriesId(UUID(int=5)),
            series_index=o.index,
            status=Status.CONFIRMED,
        )
        for o in planned
    ]
    to = datetime.combine(planned[which].local_date + timedelta(days=days), time(hour), tzinfo=zone_of(zone))

    moved = [slot for _, slot in shifted(lessons, lessons[which], to.astimezone(UTC), zone)]

    assert moved[which].start == to
    assert {slot.start.astimezone(zone_of(zone)).time() for slot in moved} == {time(hour)}
    assert len(set(moved)) == 10


def test_a_date_is_left_out_or_shifted() -> None:
    series = a_series("Europe/London", date(2026, 7, 17), time(17, 30), 4)
    elsewhen = datetime(2026, 8, 9, 9, tzinfo=UTC)
    chosen = series.chosen({date(2026, 7, 24): Choice(), date(2026, 7, 31): Choice(elsewhen)})

    assert [o.slot.start for o in chosen] == [
        datetime(2026, 7, 17, 16, 30, tzinfo=UTC),
        datetime(2026, 8, 7, 16, 30, tzinfo=UTC),
        elsewhen,
    ]
    assert [o.index for o in chosen] == [0, 1, 2]


def test_a_choice_for_another_date_is_refused() -> None:
    with pytest.raises(Invalid):
        a_series("Europe/London", date(2026, 7, 17), time(17)).chosen({date(2026, 7, 18): Choice()})


def test_a_shifted_lesson_may_run_into_its_neighbour() -> None:
    series = a_series("UTC", date(2026, 7, 17), time(17), 3)
    chosen = series.chosen({date(2026, 7, 24): Choice(datetime(2026, 7, 31, 16, 45, tzinfo=UTC))})

    assert own_clashes(chosen) == {2}
