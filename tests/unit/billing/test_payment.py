"""What is known of a payment, whatever the order in which it is learned."""

import random
from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.billing.errors import SnapshotMismatch
from domain.billing.events import PaymentCaptured, PaymentEvent, PaymentFailed
from domain.billing.payment import LIFECYCLE, TRANSITIONS, Payment, PaymentStatus
from domain.billing.snapshot import PaymentSnapshot, SnapshotStatus
from domain.errors import Invalid
from domain.money import Money
from fakes.clock import NOON
from fakes.till import PAYMENT, a_line, a_payment

REF = "cs_1"


def says(status: SnapshotStatus, minute: int = 1, **given: Any) -> PaymentSnapshot:
    fields: dict[str, Any] = {
        "provider_ref": REF,
        "reference": PAYMENT,
        "status": status,
        "amount": Money(900, "USD"),
        "refunded": Money.zero("USD"),
        "updated_at": NOON + timedelta(minutes=minute),
        "charge_ref": "ch_1" if status == "succeeded" else None,
    }
    return PaymentSnapshot(**(fields | given))


def an_open_payment() -> Payment:
    return a_payment().open(provider_ref=REF, url="https://pay.test/cs_1")


def learned(payment: Payment, *snapshots: PaymentSnapshot) -> tuple[Payment, list[PaymentEvent]]:
    events: list[PaymentEvent] = []
    for snapshot in snapshots:
        payment, told = payment.apply(snapshot, at=NOON)
        events += told
    return payment, events


def test_a_captured_payment_says_so_once() -> None:
    payment, events = learned(an_open_payment(), says("succeeded"), says("succeeded"), says("succeeded", minute=9))

    assert payment.status is PaymentStatus.CAPTURED
    assert payment.captured_at == NOON
    assert payment.charge_ref == "ch_1"
    assert [type(event) for event in events] == [PaymentCaptured]


def test_a_declined_try_leaves_the_checkout_open_and_is_told() -> None:
    payment, events = learned(an_open_payment(), says("failed", decline_code="insufficient_funds"))

    assert payment.status is PaymentStatus.OPEN
    assert payment.decline_code == "insufficient_funds"
    assert events == [
        PaymentFailed(
            at=NOON,
            payment_id=payment.id,
            payer_id=payment.payer_id,
            booking_ids=payment.booking_ids,
            amount=payment.amount,
            decline_code="insufficient_funds",
        )
    ]


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (says("expired"), PaymentStatus.EXPIRED),
        (says("canceled"), PaymentStatus.EXPIRED),
        (says("expired", decline_code="do_not_honor"), PaymentStatus.FAILED_FINAL),
        (says("processing"), PaymentStatus.OPEN),
        (says("requires_action"), PaymentStatus.OPEN),
    ],
)
def test_every_word_of_the_provider_has_its_status(snapshot: PaymentSnapshot, expected: PaymentStatus) -> None:
    payment, _ = learned(an_open_payment(), snapshot)

    assert payment.status is expected


def test_money_that_comes_after_all_hope_was_given_up_is_still_ours() -> None:  # BOOK-04
    payment, events = learned(an_open_payment().give_up(), says("succeeded"))

    assert payment.status is PaymentStatus.CAPTURED
    assert [type(event) for event in events] == [PaymentCaptured]


def test_the_provider_may_be_faster_than_its_own_answer() -> None:
    payment, _ = learned(a_payment(), says("succeeded"))

    opened = payment.open(provider_ref=REF, url="https://pay.test/cs_1")

    assert payment.status is PaymentStatus.CAPTURED
    assert opened.status is PaymentStatus.CAPTURED


@pytest.mark.parametrize(
    "wrong",
    [
        says("succeeded", amount=Money(1, "USD")),
        says("succeeded", amount=Money(900, "EUR")),
        says("succeeded", provider_ref="cs_2"),
        says("succeeded", reference=a_payment(number=1).id),
    ],
)
def test_what_is_said_of_another_payment_changes_nothing(wrong: PaymentSnapshot) -> None:  # PAYM-02
    with pytest.raises(SnapshotMismatch):
        an_open_payment().apply(wrong, at=NOON)


def test_the_lines_add_up_to_the_amount() -> None:
    payment = a_payment(a_line(1, Money(900, "USD")), a_line(2, Money(350, "USD")))

    assert payment.amount == Money(1250, "USD")
    with pytest.raises(Invalid):
        msgspec.structs.replace(payment, amount=Money(1251, "USD"))
    with pytest.raises(Invalid):
        a_payment(a_line(1), a_line(1))
    with pytest.raises(Invalid):
        a_payment(a_line(1, Money(900, "USD")), a_line(2, Money(900, "EUR")))  # PAYM-22


def history(chance: random.Random) -> list[PaymentSnapshot]:
    """One way in which a checkout can go, as its provider tells it; some changes fall into one tick."""
    tries: list[SnapshotStatus] = ["requires_action", "failed", "open"]
    statuses: list[SnapshotStatus] = ["open", *chance.choices(tries, k=chance.randrange(4))]
    if chance.random() < 0.3:
        statuses.append("processing")
    statuses.append(chance.choice(["succeeded", "succeeded", "expired", "failed", "canceled"]))
    snapshots, minute = [], 0
    for status in statuses:
        minute += chance.choice([1, 1, 2])
        code = chance.choice(["do_not_honor", "expired_card"]) if status == "failed" else None
        snapshots.append(says(status, minute, decline_code=code))
    return snapshots


def essence(payment: Payment) -> dict[str, Any]:
    known = msgspec.structs.asdict(payment)
    return {name: value for name, value in known.items() if name != "version"}


def test_a_thousand_shuffled_histories_end_where_the_straight_ones_end() -> None:  # PAYM-06
    chance = random.Random(20261121)
    for _ in range(1000):
        straight = history(chance)
        shuffled = straight + chance.choices(straight, k=chance.randrange(3))
        chance.shuffle(shuffled)

        expected, _ = learned(an_open_payment(), *straight)
        payment, events = learned(an_open_payment(), *shuffled)

        assert essence(payment) == essence(expected)
        captured = [event for event in events if isinstance(event, PaymentCaptured)]
        assert len(captured) == (expected.status is PaymentStatus.CAPTURED)


class PaymentLife(RuleBasedStateMachine):
    """Whatever comes, in any order: only listed steps, paid stays paid, no more goes back than came."""

    @initialize()
    def begin(self) -> None:
        self.history = [a_payment()]
        self.captures = 0

    def _moved(self, payment: Payment) -> None:
        if payment is not self.history[-1]:
            self.history.append(payment)

    @rule(
        status=st.sampled_from(["open", "processing", "requires_action", "succeeded", "failed", "expired", "canceled"]),
        minute=st.integers(0, 30),
        code=st.sampled_from([None, "do_not_honor"]),
    )
    def provider_tells(self, status: SnapshotStatus, minute: int, code: str | None) -> None:
        payment, events = self.history[-1].apply(says(status, minute, decline_code=code), at=NOON)
        self.captures += sum(isinstance(event, PaymentCaptured) for event in events)
        self._moved(payment)

    @rule()
    def checkout_opens(self) -> None:
        self._moved(self.history[-1].open(provider_ref=REF, url="https://pay.test/cs_1"))

    @rule()
    def hold_ends(self) -> None:
        self._moved(self.history[-1].give_up())

    @rule(minor=st.integers(0, 900))
    def money_has_gone_back(self, minor: int) -> None:
        if self.history[-1].is_paid:
            self._moved(self.history[-1].refund(Money(minor, "USD")))

    @invariant()
    def every_step_is_listed(self) -> None:
        assert self.history[0].status in LIFECYCLE.start
        for before, after in pairwise(self.history):
            assert after.status is before.status or after.status in TRANSITIONS[before.status]
            assert after.version == before.version + 1
            assert after.is_paid or not before.is_paid

    @invariant()
    def captured_once_at_most_and_said_so(self) -> None:
        assert self.captures == int(self.history[-1].is_paid)


TestPaymentLife = pytest.mark.slow(PaymentLife.TestCase)
