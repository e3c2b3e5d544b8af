"""Every movement of money comes to zero, in every currency."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.billing import ledger
from domain.billing.commission import CommissionPolicy, shares
from domain.billing.decline import DECLINES, explain, next_step, plain_words
from domain.billing.errors import Unbalanced
from domain.billing.ledger import COMMISSION, GOODWILL, Entry, Journal, JournalKind, Outcome, balances
from domain.errors import Invalid
from domain.ids import JournalId
from domain.money import Money
from fakes.booking import LEARNER
from fakes.clock import NOON
from fakes.scheduling import QARI
from fakes.till import a_line, a_payment, a_refund

ID = JournalId(UUID(int=1))
PROVIDER = ledger.provider_account("sandbox", "main")


def test_captured_money_is_owed_lesson_by_lesson() -> None:
    journal = ledger.captured(a_payment(a_line(1), a_line(2, Money(350, "USD"))), journal_id=ID, at=NOON)

    assert balances([journal]) == {(PROVIDER, "USD"): 1250, (ledger.deferred(LEARNER), "USD"): -1250}
    assert [entry.booking_id for entry in journal.entries[1:]] == [a_line(1).booking_id, a_line(2).booking_id]


def test_a_held_lesson_is_shared_between_qari_and_school() -> None:
    price = Money(900, "USD")
    journal = ledger.earned(a_line(), price, price, outcome=Outcome.HELD, journal_id=ID, at=NOON)

    assert journal is not None
    assert balances([journal]) == {
        (ledger.deferred(LEARNER), "USD"): 900,
        (ledger.qari_account(QARI), "USD"): -720,
        (COMMISSION, "USD"): -180,
    }


def test_a_qari_is_paid_even_for_a_lesson_that_was_given_back_meanwhile() -> None:
    price, nothing = Money(900, "USD"), Money.zero("USD")
    journal = ledger.earned(a_line(), price, nothing, outcome=Outcome.HELD, journal_id=ID, at=NOON)

    assert journal is not None
    assert balances([journal])[GOODWILL, "USD"] == 900
    assert balances([journal])[ledger.qari_account(QARI), "USD"] == -720


def test_a_refund_takes_what_is_deferred_first_and_the_rest_from_the_school() -> None:
    payment = a_payment()
    left = {payment.booking_ids[0]: Money(300, "USD")}

    journal = ledger.refunded(a_refund(), payment, left, journal_id=ID, at=NOON)
    back = ledger.bounced(journal, journal_id=JournalId(UUID(int=2)), at=NOON)

    assert balances([journal]) == {
        (ledger.deferred(LEARNER), "USD"): 300,
        (GOODWILL, "USD"): 100,
        (PROVIDER, "USD"): -400,
    }
    assert not any(balances([journal, back]).values())


def test_a_journal_that_does_not_come_to_zero_cannot_be_made() -> None:  # PAYM-28
    def journal(*amounts: Money) -> Journal:
        entries = tuple(Entry(account=PROVIDER, amount=amount) for amount in amounts)
        return Journal(id=ID, kind=JournalKind.CAPTURED, source=UUID(int=9), at=NOON, entries=entries)

    with pytest.raises(Unbalanced):
        journal(Money(900, "USD"), Money(-899, "USD"))
    with pytest.raises(Unbalanced):
        journal(Money(900, "USD"), Money(-900, "EUR"))  # PAYM-22
    with pytest.raises(Invalid):
        journal(Money(0, "USD"), Money(0, "USD"))


@given(
    minor=st.integers(1, 10**9),
    percent=st.integers(0, 100),
    left=st.integers(0, 10**9),
    currency=st.sampled_from(["USD", "JPY", "KWD", "INR"]),
)
def test_shares_are_the_whole_and_earnings_balance(minor: int, percent: int, left: int, currency: str) -> None:
    price = Money(minor, currency)
    qari, commission = shares(price, percent)
    line = a_line(1, price, commission_percent=percent)

    journal = ledger.earned(line, price, Money(left, currency), outcome=Outcome.HELD, journal_id=ID, at=NOON)

    assert qari + commission == price
    assert journal is not None
    assert sum(entry.amount.minor for entry in journal.entries) == 0


def test_yen_have_no_decimals_and_dinars_have_three() -> None:  # PAYM-22
    assert shares(Money(1250, "JPY"), 20) == (Money(1000, "JPY"), Money(250, "JPY"))
    assert Money(1250, "JPY").amount == 1250
    assert shares(Money.of("3.750", "KWD"), 20) == (Money.of("3.000", "KWD"), Money.of("0.750", "KWD"))
    assert Money.of("3.750", "KWD").minor == 3750
    payment = a_payment(a_line(1, Money(1250, "JPY")))
    assert balances([ledger.captured(payment, journal_id=ID, at=NOON)])[PROVIDER, "JPY"] == 1250


def test_a_commission_is_a_percentage() -> None:
    assert CommissionPolicy().percent == 20
    with pytest.raises(Invalid):
        CommissionPolicy(percent=101)


def test_forty_decline_codes_and_more_have_plain_words() -> None:  # PAYM-25
    assert len(DECLINES) >= 40
    for code, decline in DECLINES.items():
        assert code == code.lower()
        for text in (decline.cause, decline.payer, decline.staff):
            assert text.endswith(".")
            assert code not in text


def test_a_code_nobody_knows_is_a_plain_refusal() -> None:
    assert plain_words("tomorrow_s_code") == plain_words("generic_decline") == plain_words(None)
    assert explain("insufficient_funds").retry
    assert "another card" in next_step("expired_card")


def test_a_payer_is_not_told_that_his_card_is_thought_stolen() -> None:
    for code in ("stolen_card", "lost_card", "fraudulent", "pickup_card"):
        assert plain_words(code) == plain_words("generic_decline")
