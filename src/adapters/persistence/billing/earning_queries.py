"""What a Qari has earned and will earn, lesson by lesson. (EARN-01)"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.statement import driver
from domain.billing.commission import shares
from domain.billing.ledger import Outcome, qari_account
from domain.ids import BookingId, UserId
from domain.money import Money
from ports.academy import current_academy
from ports.billing.queries import EarningLine, EarningTotal
from ports.paging import MAX_LIMIT, Page, decode_cursor, page_of

_LINES: Final = """
SELECT l.booking_id, b.starts_at, b.ends_at, learner.name AS learner_name, l.amount_minor, p.currency,
       l.commission_percent, j.id AS journal_id, j.memo, j.at, coalesce(-e.amount_minor, 0) AS earned_minor
FROM payment_lines l
JOIN payments p ON p.id = l.payment_id AND p.captured_at IS NOT NULL AND p.academy_id = $3
JOIN bookings b ON b.id = l.booking_id AND b.payment_id = p.id
JOIN users learner ON learner.id = l.learner_id
LEFT JOIN ledger_journals j ON j.kind = 'earned' AND j.source = l.booking_id
LEFT JOIN ledger_entries e ON e.journal_id = j.id AND e.account = $2
WHERE l.qari_id = $1 AND (j.id IS NOT NULL OR b.status = 'confirmed')
"""
_PAGE: Final = (
    _LINES
    + """
AND ($5::timestamptz IS NULL OR (b.starts_at, b.id) < ($5, $6::uuid))
ORDER BY b.starts_at DESC, b.id DESC LIMIT $4
"""
)
_EXPECTED: Final = _LINES + "AND j.id IS NULL"
_EARNED: Final = """
SELECT currency, -sum(amount_minor) AS minor, count(DISTINCT booking_id) AS lessons
FROM ledger_entries WHERE academy_id = $2 AND account = $1 GROUP BY currency ORDER BY currency
"""


class SqlEarningQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def lines(self, qari_id: UserId, *, cursor: str | None = None, limit: int = 50) -> Page[EarningLine]:
        most = max(1, min(limit, MAX_LIMIT))
        after = decode_cursor(cursor, tuple[datetime, UUID]) or (None, None)
        async with driver(self._engine) as connection:
            rows = await connection.fetch(_PAGE, qari_id, qari_account(qari_id), current_academy(), most + 1, *after)
        return page_of([_line(row) for row in rows], most, "starts_at", "booking_id")

    async def totals(self, qari_id: UserId) -> Sequence[EarningTotal]:
        account = qari_account(qari_id)
        async with driver(self._engine) as connection:
            earned = await connection.fetch(_EARNED, account, current_academy())
            ahead = await connection.fetch(_EXPECTED, qari_id, account, current_academy())
        totals = [
            EarningTotal(status="earned", lessons=row["lessons"], amount=Money(int(row["minor"]), row["currency"]))
            for row in earned
        ]
        expected: dict[str, list[Money]] = defaultdict(list)
        for row in ahead:
            expected[row["currency"]].append(_line(row).amount)
        for currency, amounts in sorted(expected.items()):
            amount = Money(sum(part.minor for part in amounts), currency)
            totals.append(EarningTotal(status="expected", lessons=len(amounts), amount=amount))
        return totals


def _line(row: asyncpg.Record) -> EarningLine:
    price = Money(row["amount_minor"], row["currency"])
    is_earned = row["journal_id"] is not None
    share, _ = shares(price, row["commission_percent"])
    return EarningLine(
        booking_id=BookingId(row["booking_id"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        learner_name=row["learner_name"],
        price=price,
        commission_percent=row["commission_percent"],
        amount=Money(row["earned_minor"], row["currency"]) if is_earned else share,
        status="earned" if is_earned else "expected",
        outcome=Outcome(row["memo"]) if is_earned else None,
        earned_at=row["at"],
    )
