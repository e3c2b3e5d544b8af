"""The six digits: RFC 6238's own examples, and that no code is good twice."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity.totp import (
    RECOVERY_CODES,
    Authenticator,
    address_for_app,
    hash_recovery_code,
    matching_step,
    new_recovery_codes,
    new_secret,
)
from domain.ids import UserId
from fakes.ids import SequentialIds

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
MARYAM = UserId(SequentialIds()())


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_examples_of_the_standard_hold(seconds: int, code: str) -> None:
    # ID-10; RFC 6238, appendix B, the last six digits
    assert matching_step(SECRET, code, at=at(seconds)) == seconds // 30
    assert matching_step(SECRET, f"{code[:3]} {code[3:]}", at=at(seconds)) == seconds // 30


def test_a_clock_half_a_minute_off_is_forgiven_and_no_more() -> None:
    for off in (-30, 0, 30):
        assert matching_step(SECRET, "081804", at=at(1111111109 + off)) is not None
    for off in (-60, 60):
        assert matching_step(SECRET, "081804", at=at(1111111109 + off)) is None


@pytest.mark.parametrize("code", ["", "28708", "2870821", "28708a", "٢٨٧٠٨٢", "287083"])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert matching_step(SECRET, code, at=at(59)) is None


@given(st.lists(st.integers(0, 400), min_size=2, max_size=12))
def test_no_code_is_good_twice_in_whatever_order_they_come(waits: list[int]) -> None:
    # ID-10
    app, now = Authenticator(user_id=MARYAM, sealed=b"", created_at=at(0)), 1_700_000_000
    accepted: list[int] = []
    for wait in waits:
        now += wait
        step = now // 30 - wait % 3 + 1
        following = app.accept(pyotp.TOTP(SECRET).generate_otp(step), secret=SECRET, at=at(now))
        if following is not None:
            app = following
            accepted.append(app.last_step)

    assert accepted == sorted(set(accepted))


def test_the_first_good_code_confirms_the_app() -> None:
    app = Authenticator(user_id=MARYAM, sealed=b"", created_at=at(0))

    following = app.accept("287082", secret=SECRET, at=at(59))

    assert not app.is_confirmed
    assert following is not None
    assert following.confirmed_at == at(59)
    assert following.accept("287082", secret=SECRET, at=at(59) + timedelta(seconds=5)) is None


def test_recovery_codes_are_known_however_they_are_typed() -> None:
    codes = new_recovery_codes()

    assert len(set(codes)) == RECOVERY_CODES
    assert hash_recovery_code(codes[0]) == hash_recovery_code(codes[0].replace("-", " ").upper())
    assert hash_recovery_code(codes[0]) != hash_recovery_code(codes[1])


def test_the_square_code_names_school_and_account() -> None:
    address = address_for_app(new_secret(), account="maryam@example.org", school="Dar al-Quran")

    assert address.startswith("otpauth://totp/Dar%20al-Quran:maryam%40example.org?secret=")
