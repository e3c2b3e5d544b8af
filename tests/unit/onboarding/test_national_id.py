"""Numbers of identity cards, valid and not. (ONB-03)"""

import pytest

from domain.onboarding.national_id import RULES, BadNationalId, IdRule, NationalId, national_id, register

VALID = [
    ("PK", "35202-1234567-1", "35202-1234567-1"),
    ("PK", "3520212345671", "35202-1234567-1"),
    ("pk", " 35202 1234567 1 ", "35202-1234567-1"),
    ("PK", "۳۵۲۰۲-۱۲۳۴۵۶۷-۱", "35202-1234567-1"),  # noqa: RUF001  (digits as Urdu writes them)
    ("PK", "٣٥٢٠٢١٢٣٤٥٦٧١", "35202-1234567-1"),
    ("EG", "29001011234567", "29001011234567"),
    ("SA", "1000000008", "1000000008"),
    ("TR", "10000000146", "10000000146"),
    ("MY", "900101-14-5678", "900101-14-5678"),
    ("IN", "2345 6789 0124", "2345 6789 0124"),
    ("GB", "ab 123 4567", "AB1234567"),
]
INVALID = [
    ("PK", ""),
    ("PK", "35202-123456-1"),
    ("PK", "35202-12345678-1"),
    ("PK", "05202-1234567-1"),
    ("PK", "35202-1234567-X"),
    ("PK", "35202-1234567-1; DROP TABLE users"),
    ("EG", "29013011234567"),
    ("EG", "19001011234567"),
    ("SA", "1000000009"),
    ("SA", "3000000006"),
    ("TR", "10000000147"),
    ("MY", "901301-14-5678"),
    ("IN", "2345 6789 0125"),
    ("IN", "0345 6789 0124"),
    ("GB", "ABCDEFG"),
    ("GB", "1234"),
    ("", "35202-1234567-1"),
    ("Pakistan", "35202-1234567-1"),
]


@pytest.mark.parametrize(("country", "text", "kept"), VALID)
def test_a_number_is_kept_in_one_form_however_it_is_written(country: str, text: str, kept: str) -> None:
    # ONB-03
    assert national_id(country, text).number == kept


@pytest.mark.parametrize(("country", "text"), INVALID)
def test_what_is_no_number_of_that_country_is_refused(country: str, text: str) -> None:
    # ONB-03
    with pytest.raises(BadNationalId):
        national_id(country, text)


def test_it_shows_its_last_four_signs_alone_wherever_it_is_printed() -> None:
    # ONB-03
    known = national_id("PK", "35202-1234567-1")

    assert known.tail == "5671"
    assert "35202" not in repr(known)
    assert "35202" not in str(known)


@pytest.mark.parametrize(("country", "rule"), list(RULES.items()))
def test_every_rule_accepts_its_own_example(country: str, rule: IdRule) -> None:
    assert national_id(country, rule.example).country == country


def test_another_country_is_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    # ONB-03
    monkeypatch.setitem(RULES, "XX", RULES["PK"])
    register("xx", IdRule(name="card", example="7", read=lambda bare: bare if bare == "7" else None))

    assert national_id("XX", "7") == NationalId("XX", "7")
    with pytest.raises(BadNationalId):
        national_id("XX", "8")
