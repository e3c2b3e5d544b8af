"""Who is owed what, as double-entry journals. (PAYM-28)

Debits are positive, credits negative; every journal comes to zero in each currency, so all of them together do too.
A journal is told apart by what it is about, ``(kind, source)``: posting it again changes nothing.

| what happened | debit | credit |
| --- | --- | --- |
| money came | provider | deferred:<learner>, a line for each lesson |
| a lesson was held, or forfeited | deferred:<learner> | qari:<id>, income:commission |
| money went back | deferred:<learner>, and expense:goodwill for what had been earned | provider |
| a refund bounced | provider | what the refund had debited |
| the school gave it back by other means | as for a refund | cash:outside |
| a bank took disputed money | expense:disputes | provider |
| it gave that back | provider | expense:disputes |

A provider's fees, also those for disputes, are not in these books: its own statements have them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

import msgspec

from domain.billing.commission import shares
from domain.billing.dispute import Dispute
from domain.billing.errors import Unbalanced
from domain.billing.payment import Payment, PaymentLine
from domain.billing.refund import Refund
from domain.errors import Invalid
from domain.ids import BookingId, JournalId, UserId
from domain.money import Money

Account = NewType("Account", str)

COMMISSION: Final = Account("income:commission")
GOODWILL: Final = Account("expense:goodwill")
OUTSIDE: Final = Account("cash:outside")
"""What the school has paid out of its own account instead of through a provider."""
DISPUTED: Final = Account("expense:disputes")
"""What banks have taken back and hold, or keep."""
DEFERRED_PREFIX: Final = "deferred:"
QARI_PREFIX: Final = "qari:"
PROVIDER_PREFIX: Final = "provider:"


def provider_account(provider: str, account: str) -> Account:
    return Account(f"{PROVIDER_PREFIX}{provider}/{account}")


def deferred(learner_id: UserId) -> Account:
    """Paid for lessons that have not been taught: the school owes them."""
    return Account(f"{DEFERRED_PREFIX}{learner_id}")


def qari_account(qari_id: UserId) -> Account:
    """What the school owes the Qari."""
    return Account(f"{QARI_PREFIX}{qari_id}")


class JournalKind(StrEnum):
    CAPTURED = "captured"
    EARNED = "earned"
    REFUNDED = "refunded"
    REFUND_BOUNCED = "refund_bounced"
    PAID_OTHERWISE = "paid_otherwise"
    DISPUTE_TAKEN = "dispute_taken"
    DISPUTE_RETURNED = "dispute_returned"


class Outcome(StrEnum):
    """What a lesson earned its Qari money for."""

    HELD = "held"
    STUDENT_NO_SHOW = "student_no_show"
    LATE_CANCEL = "late_cancel"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a journal. ``booking_id`` ties it to its lesson."""

    account: Account
    amount: Money
    booking_id: BookingId | None = None


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """``source`` is the payment, booking or refund it is about. ``memo`` is the outcome for an earning."""

    id: JournalId
    kind: JournalKind
    source: UUID
    at: datetime
    entries: tuple[Entry, ...]
    memo: str = ""

    def __post_init__(self) -> None:
        if len(self.entries) < 2 or not all(entry.amount for entry in self.entries):
            raise Invalid("a journal moves something from somewhere to somewhere", field="entries")
        sums: dict[str, int] = defaultdict(int)
        for entry in self.entries:
            sums[entry.amount.currency] += entry.amount.minor
        if any(sums.values()):
            raise Unbalanced(
                "journal {kind} of {source} is off by {sums}",
                kind=str(self.kind),
                source=str(self.source),
                sums=str(dict(sums)),
            )


def captured(payment: Payment, *, journal_id: JournalId, at: datetime) -> Journal:
    """The money has come; what it pays for is owed."""
    lines = [
        Entry(account=deferred(line.learner_id), amount=-line.amount, booking_id=line.booking_id)
        for line in payment.lines
    ]
    provider = provider_account(payment.provider, payment.account)
    return Journal(
        id=journal_id,
        kind=JournalKind.CAPTURED,
        source=payment.id,
        at=at,
        entries=(Entry(account=provider, amount=payment.amount), *lines),
    )


def earned(
    line: PaymentLine, price: Money, left: Money, *, outcome: Outcome, journal_id: JournalId, at: datetime
) -> Journal | None:
    """``price``: what the lesson is worth now (all of it when held, the forfeited part of a late cancellation);
    ``left``: what is still deferred for it. A Qari is paid for a lesson that took place even if the school has given
    its price back meanwhile; the school bears that. None where nothing is earned.
    """
    if not price:
        return None
    covered = min(price, max(left, Money.zero(price.currency)))
    qari, commission = shares(price, line.commission_percent)
    return _journal(
        JournalKind.EARNED,
        line.booking_id,
        [
            (deferred(line.learner_id), covered, line.booking_id),
            (GOODWILL, price - covered, line.booking_id),
            (qari_account(line.qari_id), -qari, line.booking_id),
            (COMMISSION, -commission, line.booking_id),
        ],
        journal_id,
        at,
        memo=outcome,
    )


def refunded(
    refund: Refund, payment: Payment, left: Mapping[BookingId, Money], *, journal_id: JournalId, at: datetime
) -> Journal:
    """The money has gone back: out of what is still deferred for its lesson, the rest at the school's cost."""
    source = provider_account(payment.provider, payment.account)
    return _given_back(JournalKind.REFUNDED, refund, payment, left, source, journal_id, at)


def paid_otherwise(
    refund: Refund, payment: Payment, left: Mapping[BookingId, Money], *, journal_id: JournalId, at: datetime
) -> Journal:
    """As a refund, but the provider still has the money, and the school has paid."""
    return _given_back(JournalKind.PAID_OTHERWISE, refund, payment, left, OUTSIDE, journal_id, at)


def dispute_taken(dispute: Dispute, payment: Payment, *, journal_id: JournalId, at: datetime) -> Journal:
    """The bank has the money: at the school's cost until it comes back. What the Qari earned stays his. Each time at
    which it takes it has its journal.
    """
    provider = provider_account(payment.provider, payment.account)
    moved = [(DISPUTED, dispute.amount, None), (provider, -dispute.amount, None)]
    return _moved(JournalKind.DISPUTE_TAKEN, dispute.taking or dispute.id, moved, journal_id, at, memo=dispute.reason)


def dispute_returned(taken: Journal, *, journal_id: JournalId, at: datetime) -> Journal:
    """The bank has given it back: its journal, the other way round."""
    moved = [(entry.account, -entry.amount, entry.booking_id) for entry in taken.entries]
    return _moved(JournalKind.DISPUTE_RETURNED, taken.source, moved, journal_id, at, memo=taken.memo)


def _given_back(
    kind: JournalKind,
    refund: Refund,
    payment: Payment,
    left: Mapping[BookingId, Money],
    source: Account,
    journal_id: JournalId,
    at: datetime,
) -> Journal:
    entries: list[tuple[Account, Money, BookingId | None]] = []
    rest, nothing = refund.amount, Money.zero(refund.amount.currency)
    for line in payment.lines:
        if refund.booking_id in (None, line.booking_id):
            part = min(rest, max(left.get(line.booking_id, nothing), nothing))
            entries.append((deferred(line.learner_id), part, line.booking_id))
            rest = rest - part
    entries.append((GOODWILL, rest, refund.booking_id))
    entries.append((source, -refund.amount, refund.booking_id))
    return _moved(kind, refund.id, entries, journal_id, at, memo=refund.cause)


def bounced(refund_journal: Journal, *, journal_id: JournalId, at: datetime) -> Journal:
    """The refund came back to us: its journal, the other way round."""
    return Journal(
        id=journal_id,
        kind=JournalKind.REFUND_BOUNCED,
        source=refund_journal.source,
        at=at,
        entries=tuple(
            Entry(account=entry.account, amount=-entry.amount, booking_id=entry.booking_id)
            for entry in refund_journal.entries
        ),
        memo=refund_journal.memo,
    )


def balances(journals: Iterable[Journal]) -> dict[tuple[Account, str], int]:
    """Minor units by account and currency; unlike currencies are never added. (PAYM-22)"""
    sums: dict[tuple[Account, str], int] = defaultdict(int)
    for journal in journals:
        for entry in journal.entries:
            sums[entry.account, entry.amount.currency] += entry.amount.minor
    return dict(sums)


def _moved(
    kind: JournalKind,
    source: UUID,
    entries: Sequence[tuple[Account, Money, BookingId | None]],
    journal_id: JournalId,
    at: datetime,
    *,
    memo: str,
) -> Journal:
    journal = _journal(kind, source, entries, journal_id, at, memo=memo)
    if journal is None:
        raise Invalid("a journal moves something from somewhere to somewhere", field="entries")
    return journal


def _journal(
    kind: JournalKind,
    source: UUID,
    entries: Sequence[tuple[Account, Money, BookingId | None]],
    journal_id: JournalId,
    at: datetime,
    *,
    memo: str,
) -> Journal | None:
    """Leaves out what moves nothing."""
    moving = tuple(
        Entry(account=account, amount=amount, booking_id=booking_id)
        for account, amount, booking_id in entries
        if amount
    )
    return Journal(id=journal_id, kind=kind, source=source, at=at, entries=moving, memo=memo) if moving else None
