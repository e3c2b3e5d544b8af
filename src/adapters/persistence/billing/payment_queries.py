"""Payments with their lessons and refunds, straight into views: one read each."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.billing.disputes import SqlDisputes
from adapters.persistence.statement import driver
from domain.billing.payment import PAID, PaymentStatus
from domain.billing.refund import RefundCause, RefundStatus
from domain.ids import BookingId, PaymentId, RefundId, UserId
from domain.money import Money
from ports.academy import current_academy
from ports.billing.queries import PaymentFilter, PaymentLineView, PaymentView, RefundView
from ports.paging import MAX_LIMIT, Page, decode_cursor, page_of

_VIEW: Final = """
SELECT p.*, payer.name AS payer_name, payer.email AS payer_email,
    (SELECT jsonb_agg(jsonb_build_object(
        'booking_id', l.booking_id, 'starts_at', b.starts_at, 'ends_at', b.ends_at, 'booking_status', b.status,
        'learner_name', learner.name, 'qari_name', qari.name, 'amount_minor', l.amount_minor) ORDER BY l.position)
     FROM payment_lines l JOIN bookings b ON b.id = l.booking_id
     JOIN users learner ON learner.id = l.learner_id JOIN users qari ON qari.id = l.qari_id
     WHERE l.payment_id = p.id) AS lines,
    (SELECT jsonb_agg(jsonb_build_object(
        'refund_id', r.id, 'booking_id', r.booking_id, 'amount_minor', r.amount_minor, 'status', r.status,
        'cause', r.cause, 'reason', r.reason, 'created_at', r.created_at, 'by_name', staff.name,
        'settled_at', r.settled_at, 'failure', r.failure, 'provider_ref', r.provider_ref)
        ORDER BY r.created_at, r.id)
     FROM refunds r LEFT JOIN users staff ON staff.id = r.by_user_id
     WHERE r.payment_id = p.id) AS refunds
FROM payments p JOIN users payer ON payer.id = p.payer_id
"""
_ONE: Final = _VIEW + "WHERE p.academy_id = $2 AND p.id = $1"
_PAGE: Final = "ORDER BY p.created_at DESC, p.id DESC LIMIT $3"
_MINE: Final = (
    _VIEW
    + """
WHERE p.academy_id = $5 AND p.payer_id = $4 AND ($1::timestamptz IS NULL OR (p.created_at, p.id) < ($1, $2::uuid))
"""
    + _PAGE
)
_SEARCH: Final = (
    _VIEW
    + """
WHERE p.academy_id = $11 AND ($1::timestamptz IS NULL OR (p.created_at, p.id) < ($1, $2::uuid))
  AND ($4::text IS NULL OR p.status = $4)
  AND ($5::text IS NULL OR p.provider = $5)
  AND ($6::text IS NULL OR p.account = $6)
  AND ($7::text IS NULL OR p.currency = $7)
  AND ($8::text IS NULL OR payer.name ILIKE $8 OR payer.email ILIKE $8)
  AND ($9::timestamptz IS NULL OR p.created_at >= $9)
  AND ($10::timestamptz IS NULL OR p.created_at < $10)
"""
    + _PAGE
)


class _Line(msgspec.Struct):
    booking_id: UUID
    starts_at: datetime
    ends_at: datetime
    booking_status: str
    learner_name: str
    qari_name: str
    amount_minor: int


class _Refund(msgspec.Struct):
    refund_id: UUID
    booking_id: UUID | None
    amount_minor: int
    status: RefundStatus
    cause: RefundCause
    reason: str
    created_at: datetime
    by_name: str | None
    settled_at: datetime | None
    failure: str | None
    provider_ref: str | None


class SqlPaymentQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def payment(self, payment_id: PaymentId) -> PaymentView | None:
        async with driver(self._engine) as connection:
            row = await connection.fetchrow(_ONE, payment_id, current_academy())
            disputes = tuple(await SqlDisputes(connection).of_payment(payment_id)) if row is not None else ()
        return msgspec.structs.replace(_view(row), disputes=disputes) if row is not None else None

    async def of_payer(self, payer_id: UserId, *, cursor: str | None = None, limit: int = 20) -> Page[PaymentView]:
        return await self._page(_MINE, cursor, limit, payer_id)

    async def search(self, wanted: PaymentFilter, *, cursor: str | None = None, limit: int = 50) -> Page[PaymentView]:
        return await self._page(
            _SEARCH,
            cursor,
            limit,
            wanted.status.value if wanted.status else None,
            wanted.provider,
            wanted.account,
            wanted.currency,
            f"%{_literal(wanted.payer)}%" if wanted.payer else None,
            wanted.since,
            wanted.until,
        )

    async def _page(self, sql: str, cursor: str | None, limit: int, *values: Any) -> Page[PaymentView]:
        most = max(1, min(limit, MAX_LIMIT))
        after = decode_cursor(cursor, tuple[datetime, UUID]) or (None, None)
        async with driver(self._engine) as connection:
            rows = await connection.fetch(sql, *after, most + 1, *values, current_academy())
        return page_of([_view(row) for row in rows], most, "created_at", "payment_id")


def _literal(part: str) -> str:
    """So that a percent sign typed by a person is looked for, not obeyed."""
    return part.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _view(row: asyncpg.Record) -> PaymentView:
    currency, status = row["currency"], PaymentStatus(row["status"])
    refunds = [_refund_view(refund, currency) for refund in _decoded(row["refunds"], list[_Refund])]
    gone = sum(refund.amount.minor for refund in refunds if refund.status is not RefundStatus.FAILED)
    return PaymentView(
        payment_id=PaymentId(row["id"]),
        payer_id=UserId(row["payer_id"]),
        payer_name=row["payer_name"],
        payer_email=row["payer_email"],
        amount=Money(row["amount_minor"], currency),
        refunded=Money(row["refunded_minor"], currency),
        refundable=Money(row["amount_minor"] - gone if status in PAID else 0, currency),
        status=status,
        provider=row["provider"],
        account=row["account"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        lines=[_line_view(line, currency) for line in _decoded(row["lines"], list[_Line])],
        refunds=refunds,
        provider_ref=row["provider_ref"],
        charge_ref=row["charge_ref"],
        decline_code=row["decline_code"],
        url=row["url"] if status is PaymentStatus.OPEN else None,
        captured_at=row["captured_at"],
    )


def _decoded(value: str | None, shape: type[list[Any]]) -> list[Any]:
    return msgspec.json.decode(value, type=shape) if value is not None else []


def _line_view(line: _Line, currency: str) -> PaymentLineView:
    return PaymentLineView(
        booking_id=BookingId(line.booking_id),
        starts_at=line.starts_at,
        ends_at=line.ends_at,
        booking_status=line.booking_status,
        learner_name=line.learner_name,
        qari_name=line.qari_name,
        amount=Money(line.amount_minor, currency),
    )


def _refund_view(refund: _Refund, currency: str) -> RefundView:
    return RefundView(
        refund_id=RefundId(refund.refund_id),
        booking_id=BookingId(refund.booking_id) if refund.booking_id is not None else None,
        amount=Money(refund.amount_minor, currency),
        status=refund.status,
        cause=refund.cause,
        reason=refund.reason,
        created_at=refund.created_at,
        by_name=refund.by_name,
        settled_at=refund.settled_at,
        failure=refund.failure,
        provider_ref=refund.provider_ref,
    )
