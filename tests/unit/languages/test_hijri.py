"""Hijri beside Gregorian. (L10N-02)"""

from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.http.hijri import hijri_text
from adapters.languages import speaking
from adapters.languages.hijri import MONTHS
from domain.errors import Invalid
from domain.hijri import FIRST, LAST, HijriDate, Reckoning, gregorian_of, hijri_of


@pytest.mark.parametrize("offset", [-2, 0, 1])
def test_every_day_of_the_table_goes_there_and_back(offset: int) -> None:  # L10N-02
    day, before = FIRST + timedelta(days=offset), None
    while day <= LAST + timedelta(days=offset):
        hijri = hijri_of(day, offset)
        assert hijri is not None
        assert gregorian_of(hijri, offset) == day
        assert before is None or before < hijri
        day, before = day + timedelta(days=1), hijri
    assert before == HijriDate(1500, 12, 30)


def test_outside_the_table_there_is_no_date() -> None:
    assert hijri_of(FIRST - timedelta(days=1)) is None
    assert hijri_of(LAST + timedelta(days=1)) is None
    assert hijri_text(date(1900, 1, 1)) == ""
    with pytest.raises(Invalid):
        gregorian_of(HijriDate(1447, 9, 31))
    with pytest.raises(Invalid):
        gregorian_of(HijriDate(1342, 1, 1))


def test_a_sighted_moon_moves_all_dates() -> None:  # L10N-02
    first_of_ramadan = date(2026, 2, 18)

    assert hijri_of(first_of_ramadan) == HijriDate(1447, 9, 1)
    assert hijri_of(first_of_ramadan + timedelta(days=1), 1) == HijriDate(1447, 9, 1)
    assert hijri_of(first_of_ramadan, 1) == HijriDate(1447, 8, 29)


def test_the_moon_is_never_further_off() -> None:
    assert Reckoning(hijri_offset_days=-2).hijri_offset_days == -2
    with pytest.raises(Invalid):
        Reckoning(hijri_offset_days=3)


def test_it_is_told_in_the_readers_words_and_on_his_wall() -> None:  # L10N-02, L10N-05
    late = datetime(2026, 3, 3, 22, 0, tzinfo=UTC)

    assert hijri_text(late, "UTC") == "14 Ramadan 1447 AH"
    assert hijri_text(late, "Asia/Karachi") == "15 Ramadan 1447 AH"
    assert hijri_text(late, "UTC", year=False) == "14 Ramadan"
    with speaking("ar"):
        assert hijri_text(late, "UTC", year=False).startswith("١٤ ")
    assert len(MONTHS) == 12
