"""Sentences in the reader's language, with what is put into them. (L10N-01, L10N-04)"""

from datetime import UTC, datetime

import pytest

from adapters.http.formatting import clock_text, date_text, day_text, money_text, week_starts_on
from adapters.languages import LANGUAGES, NUMERALS, current, language, negotiated, speaking
from adapters.languages.text import _, digits, ngettext, translator, word
from domain.money import Money

TUESDAY = datetime(2026, 3, 3, 17, 5, tzinfo=UTC)


def test_english_is_the_message_id_itself() -> None:
    assert _("Hello {name}", name="Maryam") == "Hello Maryam"
    assert ngettext("{n} lesson", "{n} lessons", 2) == "2 lessons"


def test_words_numbers_and_forms_follow_the_language() -> None:  # L10N-01, L10N-04
    with speaking("ar"):
        assert _("{n} minutes", n=30) == "٣٠ دقيقة"
        forms = [ngettext("{n} lesson", "{n} lessons", n) for n in (0, 1, 2, 3, 11, 100)]
    assert forms == ["لا حصص", "حصة واحدة", "حصتان", "٣ حصص", "١١ حصة", "١٠٠ حصة"]
    with speaking("ur"):
        assert ngettext("{n} lesson", "{n} lessons", 3) == "3 کلاسیں"
    assert current().lang == "en"


def test_what_runs_against_the_sentence_is_isolated() -> None:  # L10N-01
    with speaking("ar"):
        assert _("with {name}", name="Maryam") == "مع \u2068Maryam\u2069"
        assert _("with {name}", name="مريم") == "مع مريم"
    assert _("with {name}", name="مريم") == "with \u2068مريم\u2069"
    assert _("with {name}", name="Maryam") == "with Maryam"


def test_an_unknown_sentence_and_an_unknown_language_stay_english() -> None:
    with speaking("ar"):
        assert _("Nobody ever wrote this.") == "Nobody ever wrote this."
        assert _("") == ""
    assert translator("xx")("Sign in") == "Sign in"
    assert language("xx").lang == "en"


def test_codes_of_the_domain_are_words() -> None:
    assert word("no_show_student") == "no show student"
    with speaking("ur"):
        assert word("cancelled") == "منسوخ"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("ar-EG,ar;q=0.9,en;q=0.8", "ar"),
        ("de, ur;q=0.5, en;q=0.7", "en"),
        ("ur-PK", "ur"),
        ("fr", ""),
        ("ar;q=0, en", "en"),
        ("ar;q=nonsense", ""),
        ("", ""),
    ],
)
def test_the_browsers_first_language_that_we_speak_wins(header: str, expected: str) -> None:
    assert negotiated(header) == expected


@pytest.mark.parametrize(
    ("lang", "day", "clock", "money"),
    [
        ("en", "Tue 3 Mar", "17:05", "$1,234.50"),
        ("ar", "الثلاثاء ٣ مارس", "١٧:٠٥", "\u200f١٬٢٣٤٫٥٠\u00a0US$"),
        ("ur", "منگل 3 مارچ", "17:05", "$1,234.50"),
    ],
)
def test_golden_texts_of_each_language(lang: str, day: str, clock: str, money: str) -> None:  # L10N-04
    assert (day_text(TUESDAY, "UTC", lang), clock_text(TUESDAY, "UTC", lang)) == (day, clock)
    assert money_text(Money(123450, "USD"), lang) == money


def test_the_reader_chooses_the_numerals() -> None:  # L10N-04
    with speaking("ar", "latn"):
        assert clock_text(TUESDAY, "UTC", "ar") == "17:05"
    with speaking("ur", "arabext"):
        assert date_text(TUESDAY.date(), "ur", "d") == "۳"
        assert _("{n} minutes", n=45) == "۴۵ منٹ"
    assert digits("2026", "arab") == "٢٠٢٦"
    assert all(len(shapes) == 10 for shapes in NUMERALS.values())


def test_weeks_start_where_the_reader_starts_them() -> None:  # L10N-04
    assert [week_starts_on(lang) for lang in LANGUAGES] == [0, 5, 6]
