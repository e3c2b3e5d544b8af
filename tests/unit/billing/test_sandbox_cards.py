"""The card form's checks, and the signature of the sandbox's webhooks."""

from datetime import date

import pytest

from adapters.payments.sandbox.cards import CARDS, CardForm, SandboxCard, luhn, read_card
from adapters.payments.sandbox.courier import LONGEST_WAIT_S, backoff_s
from adapters.payments.sandbox.signing import problem_with, sign
from adapters.payments.sandbox.texts import DECLINES

TODAY = date(2026, 7, 15)


def a_form(number: str = "4242 4242 4242 4242", expiry: str = "07/26", cvc: str = "123") -> CardForm:
    return CardForm(number=number, expiry=expiry, cvc=cvc)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.last4)
def test_every_test_card_passes_the_form(card: SandboxCard) -> None:
    cvc = "1234" if len(card.number) == 15 else "123"

    assert luhn(card.number)
    assert read_card(a_form(card.grouped, cvc=cvc), TODAY) == (card, {})


def test_every_decline_has_words_of_its_own() -> None:
    codes = {card.decline_code for card in CARDS if card.decline_code}

    assert codes <= DECLINES.keys()  # PAYM-25
    assert len(set(DECLINES.values())) == len(DECLINES)


@pytest.mark.parametrize("expiry", ["07/26", "7/26", "07 / 2026", "0726", "12-30"])
def test_an_expiry_date_is_read_as_people_write_it(expiry: str) -> None:
    assert read_card(a_form(expiry=expiry), TODAY)[1] == {}


@pytest.mark.parametrize("expiry", ["", "06/26", "13/30", "00/30", "soon", "04/99", "٠٤/٣٠"])
def test_a_bad_expiry_date_is_named(expiry: str) -> None:
    card, errors = read_card(a_form(expiry=expiry), TODAY)

    assert card is None
    assert list(errors) == ["expiry"]


@pytest.mark.parametrize("number", ["", "4242", "4242 4242 4242 4241", "4111 1111 1111 1111", "x" * 16, "٤" * 16])
def test_a_number_that_is_no_test_card_is_refused(number: str) -> None:
    card, errors = read_card(a_form(number), TODAY)

    assert card is None
    assert list(errors) == ["number"]


def test_everything_wrong_is_said_at_once() -> None:
    assert list(read_card(CardForm(), TODAY)[1]) == ["number", "expiry", "cvc"]


def test_a_form_does_not_show_its_number_in_logs() -> None:
    assert "4242" not in repr(a_form())


def test_any_of_several_signatures_will_do_and_none_of_another_secret() -> None:
    header = sign(b"{}", ["new", "old"], 1000)

    assert problem_with(header, b"{}", ["old"], 1000) == ""  # PAYM-07
    assert problem_with(header, b"{}", ["new"], 1300) == ""
    assert problem_with(header, b"{}", ["other"], 1000) == "no signature matches"
    assert "seconds" in problem_with(header, b"{}", ["new"], 1301)
    assert problem_with(header, b"{ }", ["new"], 1000) == "no signature matches"


def test_waiting_grows_and_has_an_end() -> None:
    waits = [backoff_s(attempt, 2) for attempt in range(1, 20)]

    assert 1.8 <= waits[0] <= 2.2
    assert waits[:5] == sorted(waits[:5])
    assert max(waits) <= LONGEST_WAIT_S * 1.1
