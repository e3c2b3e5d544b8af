"""Once a day: what a lost webhook left behind mends itself, the rest waits for a person. (PAYM-28)"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from application.billing.match_books import HOUR, ExplainFinding, MatchBooks, SeeFinding
from domain.billing.finding import Finding, FindingStatus
from domain.billing.payment import PaymentStatus
from domain.billing.snapshot import RefundSnapshot
from domain.errors import IllegalTransition, Invalid, NotPermitted
from domain.money import Money
from fakes.booking import a_booking
from fakes.ids import SequentialIds
from fakes.till import FINANCE, PAYER, Till
from ports.billing.queries import AccountBalance, KnownPayment, Mismatch


class Ledger:
    """What the till believes; ``own``: what our books disagree about among themselves."""

    def __init__(self, till: Till) -> None:
        self._till, self.own = till, list[Mismatch]()

    async def mismatches(self, *, settled_before: datetime) -> Sequence[Mismatch]:
        return self.own

    async def known(self, provider: str, account: str, *, refs: Sequence[str] | None = None) -> Sequence[KnownPayment]:
        return [
            KnownPayment(
                payment_id=payment.id,
                provider_ref=str(payment.provider_ref),
                amount=payment.amount,
                refunded=payment.refunded,
                is_paid=payment.is_paid,
                captured_at=payment.captured_at,
            )
            for payment in self._till.store.shelf("payments").values()
            if payment.account == account and refs is not None and payment.provider_ref in refs
        ]

    async def balances(self) -> Sequence[AccountBalance]:
        return []

    async def size(self) -> int:
        return 0


class Books:
    """A till whose clock stands at the hour, and a day later after each round."""

    def __init__(self) -> None:
        self.till = Till()
        self.ledger = Ledger(self.till)
        till = self.till
        self._match = MatchBooks(
            till.unit, till.clock, SequentialIds(), till.gateways, self.ledger, till.settle_payment
        )

    async def match(self) -> int:
        now = self.till.clock.now()
        self.till.clock.advance((now.replace(hour=HOUR, minute=5) + timedelta(days=1)) - now)
        return await self._match()

    @property
    def findings(self) -> list[Finding]:
        return list(self.till.store.shelf("findings").values())


async def test_a_lapsed_payment_that_was_paid_after_all_mends_itself() -> None:  # PAYM-02
    books = Books()
    payment = await books.till.checkout(a_booking())
    books.till.clock.advance(timedelta(minutes=20))
    await books.till.sweep_payments()
    lapsed = books.till.payment(payment.id).status
    books.till.gateway.settle(str(payment.provider_ref))  # and no webhook comes

    new = await books.match()

    assert (lapsed, new, books.findings) == (PaymentStatus.EXPIRED, 0, [])
    assert books.till.payment(payment.id).is_paid


async def test_what_does_not_mend_waits_until_it_has_gone_or_is_explained() -> None:
    books = Books()
    payment = await books.till.paid(a_booking())
    too_much = RefundSnapshot(provider_ref="re_x", reference=None, amount=Money(901, "USD"), status="succeeded")
    snapshot = books.till.gateway._snapshots
    ref = str(payment.provider_ref)
    right = snapshot[ref]
    wrong = type(right)(**{name: getattr(right, name) for name in right.__struct_fields__} | {
        "refunds": (too_much,), "refunded": Money(901, "USD"),
    })  # fmt: skip

    snapshot[ref] = wrong
    rounds = [await books.match(), await books.match()]
    (found,) = books.findings
    snapshot[ref] = right
    await books.match()

    assert (rounds, found.kind, found.subject) == ([1, 0], "refunded_differs", str(payment.id))
    assert (found.status, books.findings[0].status) == (FindingStatus.OPEN, FindingStatus.GONE)


async def test_an_explanation_holds_while_the_same_thing_is_said() -> None:
    books = Books()
    unit = books.till.unit
    books.ledger.own = [Mismatch(kind="lesson_unpaid", subject="b-1", message="is confirmed and unpaid")]
    await books.match()
    (found,) = books.findings

    with pytest.raises(NotPermitted):
        await ExplainFinding(unit)(PAYER, found.id, "why")
    with pytest.raises(Invalid):
        await ExplainFinding(unit)(FINANCE, found.id, " ")
    await ExplainFinding(unit)(FINANCE, found.id, "paid in cash")
    with pytest.raises(IllegalTransition):
        await ExplainFinding(unit)(FINANCE, found.id, "again")
    same = await books.match()
    explained = await SeeFinding(unit)(FINANCE, found.id)
    books.ledger.own = [Mismatch(kind="lesson_unpaid", subject="b-1", message="is completed and unpaid")]
    other = await books.match()

    assert (same, explained.explanation, other) == (0, "paid in cash", 1)
    assert books.findings[0].status is FindingStatus.OPEN
    assert [act.action for act in books.till.store.acts] == ["billing.explain_finding"]


async def test_a_provider_that_is_away_is_asked_the_day_after_and_other_hours_ask_nobody() -> None:
    books = Books()
    books.till.gateway.down = True

    assert await books.match() == 0
    books.till.clock.advance(timedelta(hours=1))
    asked = len(books.till.gateway.calls)
    await books._match()

    assert len(books.till.gateway.calls) == asked
