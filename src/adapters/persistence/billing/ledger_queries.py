"""Whether the books agree with themselves and with everything they are about. (PAYM-28)"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.statement import driver
from adapters.persistence.unhurried import unhurried
from domain.billing.payment import PAID, PaymentStatus
from domain.ids import PaymentId
from domain.money import Money
from ports.academy import current_academy
from ports.billing.queries import AccountBalance, KnownPayment, Mismatch

_BALANCES: Final = """
SELECT CASE WHEN account LIKE 'qari:%' THEN 'qaris' WHEN account LIKE 'deferred:%' THEN 'deferred' ELSE account END
       AS grp, currency, sum(amount_minor) AS minor
FROM ledger_entries WHERE academy_id = $1 GROUP BY 1, 2 ORDER BY 1, 2
"""
_SIZE: Final = "SELECT count(*) FROM ledger_journals WHERE academy_id = $1"
_KNOWN: Final = """
SELECT id, provider_ref, amount_minor, currency, status, captured_at, academy_id <> $3 AS elsewhere,
       CASE WHEN refunded_minor = 0 THEN 0 ELSE refunded_minor - (
           SELECT coalesce(sum(r.amount_minor), 0) FROM refunds r
           WHERE r.payment_id = payments.id AND r.status = 'paid_otherwise') END AS refunded_minor
FROM payments WHERE provider = $1 AND account = $2 AND provider_ref IS NOT NULL
"""
_KNOWN_AS: Final = f"{_KNOWN} AND provider_ref = ANY($4::text[])"
# Each check: code, SQL giving (subject, message). $1 is the academy, $2 when everything should have settled by.
_CHECKS: Final[tuple[tuple[str, str], ...]] = (
    (
        "journal_unbalanced",
        """SELECT journal_id::text, format('is off by %s %s', sum(amount_minor), currency) FROM ledger_entries
           WHERE academy_id = $1 GROUP BY journal_id, currency HAVING sum(amount_minor) <> 0""",
    ),
    (
        "ledger_unbalanced",
        """SELECT currency, format('all entries together are off by %s', sum(amount_minor)) FROM ledger_entries
           WHERE academy_id = $1 GROUP BY currency HAVING sum(amount_minor) <> 0""",
    ),
    (
        "journal_empty",
        """SELECT j.id::text, 'has no entries' FROM ledger_journals j
           WHERE j.academy_id = $1 AND NOT EXISTS (SELECT FROM ledger_entries e WHERE e.journal_id = j.id)""",
    ),
    (
        "payment_not_in_ledger",
        """SELECT p.id::text, format('%s %s came and are not in the ledger', p.amount_minor, p.currency)
           FROM payments p WHERE p.academy_id = $1 AND p.captured_at IS NOT NULL AND NOT EXISTS (
               SELECT FROM ledger_journals j WHERE j.kind = 'captured' AND j.source = p.id)""",
    ),
    (
        "payment_differs_from_ledger",
        """SELECT p.id::text, format('is %s %s, the ledger says %s', p.amount_minor, p.currency, sum(e.amount_minor))
           FROM payments p JOIN ledger_journals j ON j.kind = 'captured' AND j.source = p.id
           JOIN ledger_entries e ON e.journal_id = j.id AND e.account = 'provider:' || p.provider || '/' || p.account
             AND e.currency = p.currency
           WHERE p.academy_id = $1 GROUP BY p.id HAVING sum(e.amount_minor) <> p.amount_minor""",
    ),
    (
        "ledger_without_payment",
        """SELECT j.id::text, format('books %s as paid, which is not', j.source) FROM ledger_journals j
           LEFT JOIN payments p ON p.id = j.source
           WHERE j.academy_id = $1 AND j.kind = 'captured' AND p.captured_at IS NULL""",
    ),
    (
        "refund_not_in_ledger",
        """SELECT r.id::text, format('%s %s went back and are not in the ledger', r.amount_minor, r.currency)
           FROM refunds r WHERE r.academy_id = $1 AND r.status IN ('succeeded', 'paid_otherwise') AND NOT EXISTS (
               SELECT FROM ledger_journals j WHERE j.source = r.id
                 AND j.kind = CASE r.status WHEN 'succeeded' THEN 'refunded' ELSE 'paid_otherwise' END)""",
    ),
    (
        "ledger_without_refund",
        """SELECT j.id::text, format('books refund %s, which did not succeed', j.source) FROM ledger_journals j
           LEFT JOIN refunds r ON r.id = j.source
           WHERE j.academy_id = $1 AND j.kind = 'refunded' AND r.status IS DISTINCT FROM 'succeeded' AND NOT EXISTS (
               SELECT FROM ledger_journals b WHERE b.kind = 'refund_bounced' AND b.source = j.source)""",
    ),
    (
        "payment_refunds_differ",
        """SELECT p.id::text, format('says %s went back, its refunds say %s', p.refunded_minor, coalesce(s.minor, 0))
           FROM payments p LEFT JOIN (SELECT payment_id, sum(amount_minor) AS minor FROM refunds
                                      WHERE status IN ('succeeded', 'paid_otherwise') GROUP BY payment_id) s
             ON s.payment_id = p.id
           WHERE p.academy_id = $1 AND p.refunded_minor <> coalesce(s.minor, 0)""",
    ),
    (
        "lesson_unpaid",
        """SELECT b.id::text, format('is %s and nothing has been paid for it', b.status) FROM bookings b
           WHERE b.academy_id = $1 AND b.price_minor > 0
             AND b.status IN ('confirmed', 'completed', 'no_show_student', 'no_show_teacher')
             AND NOT EXISTS (SELECT FROM payment_lines l JOIN payments p ON p.id = l.payment_id
                             WHERE l.booking_id = b.id AND p.captured_at IS NOT NULL)""",
    ),
    (
        "lesson_paid_not_confirmed",
        """SELECT b.id::text, format('is %s although payment %s came', b.status, p.id) FROM bookings b
           JOIN payment_lines l ON l.booking_id = b.id JOIN payments p ON p.id = l.payment_id
           WHERE b.academy_id = $1 AND p.captured_at < $2
             AND b.status IN ('requested', 'held', 'pending_payment', 'expired')
             AND NOT EXISTS (SELECT FROM refunds r WHERE r.payment_id = p.id AND r.status <> 'failed')""",
    ),
    (
        "lesson_price_differs",
        """SELECT b.id::text, format('costs %s %s, paid were %s', b.price_minor, b.currency, l.amount_minor)
           FROM bookings b JOIN payment_lines l ON l.booking_id = b.id
           JOIN payments p ON p.id = l.payment_id AND p.captured_at IS NOT NULL
           WHERE b.academy_id = $1 AND (l.amount_minor <> b.price_minor OR p.currency <> b.currency)""",
    ),
    (
        "lesson_not_earned",
        """SELECT b.id::text, format('is %s and its Qari has not been credited', b.status) FROM bookings b
           WHERE b.academy_id = $1 AND b.status IN ('completed', 'no_show_student') AND b.price_minor > 0
             AND b.ends_at < $2
             AND NOT EXISTS (SELECT FROM ledger_journals j WHERE j.kind = 'earned' AND j.source = b.id)""",
    ),
    (
        "refund_failed",
        """SELECT r.id::text, format('%s %s could not be given back: %s', r.amount_minor, r.currency, r.failure)
           FROM refunds r WHERE r.academy_id = $1 AND r.status = 'failed' AND NOT EXISTS (
               SELECT FROM refunds later WHERE later.payment_id = r.payment_id AND later.status <> 'failed'
                 AND later.created_at >= r.created_at AND later.booking_id IS NOT DISTINCT FROM r.booking_id)""",
    ),
    (
        "dispute_not_in_ledger",
        """SELECT d.id::text, format('%s %s %s', d.amount_minor, d.currency, CASE WHEN d.is_taken
               THEN 'were taken by a bank and are not in the ledger' ELSE 'came back and are not in the ledger' END)
           FROM disputes d
           LEFT JOIN ledger_journals t ON t.kind = 'dispute_taken' AND t.source = d.taking
           LEFT JOIN ledger_journals b ON b.kind = 'dispute_returned' AND b.source = d.taking
           WHERE d.academy_id = $1 AND d.is_taken <> (t.id IS NOT NULL AND b.id IS NULL)""",
    ),
    (
        "refund_stuck",
        """SELECT id::text, format('has been %s for too long, after %s tries', status, attempts) FROM refunds
           WHERE academy_id = $1 AND status IN ('requested', 'submitted')
             AND created_at < $2::timestamptz - interval '1 hour'""",
    ),
)


class SqlLedgerQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def balances(self) -> Sequence[AccountBalance]:
        async with driver(self._engine) as connection:
            rows = await connection.fetch(_BALANCES, current_academy())
        return [AccountBalance(group=row["grp"], balance=Money(int(row["minor"]), row["currency"])) for row in rows]

    async def size(self) -> int:
        async with driver(self._engine) as connection:
            return int(await connection.fetchval(_SIZE, current_academy()))

    async def mismatches(self, *, settled_before: datetime) -> Sequence[Mismatch]:
        found: list[Mismatch] = []
        for kind, sql in _CHECKS:
            async with unhurried(self._engine) as connection:
                rows = await connection.fetch(sql, current_academy(), *((settled_before,) if "$2" in sql else ()))
            found += [Mismatch(kind=kind, subject=subject, message=message) for subject, message in rows]
        return found

    async def known(self, provider: str, account: str, *, refs: Sequence[str] | None = None) -> Sequence[KnownPayment]:
        async with driver(self._engine) as connection:
            if refs is None:
                rows = await connection.fetch(_KNOWN, provider, account, current_academy())
            else:
                rows = await connection.fetch(_KNOWN_AS, provider, account, current_academy(), list(refs))
        return [
            KnownPayment(
                payment_id=PaymentId(row["id"]),
                provider_ref=row["provider_ref"],
                amount=Money(row["amount_minor"], row["currency"]),
                refunded=Money(row["refunded_minor"], row["currency"]),
                is_paid=PaymentStatus(row["status"]) in PAID,
                captured_at=row["captured_at"],
                elsewhere=row["elsewhere"],
            )
            for row in rows
        ]
