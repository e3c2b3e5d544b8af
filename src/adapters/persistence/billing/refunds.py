"""Refunds on one asyncpg connection."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy import DateTime, Integer, Uuid, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.persistence.billing.tables import one_of, refunds
from adapters.persistence.statement import Statement, walled
from domain.billing.refund import Refund, RefundCause, RefundStatus
from domain.errors import Conflict, NotFound, StaleWrite
from domain.ids import BookingId, PaymentId, RefundId, UserId
from domain.money import Money

_INSTANT: Final = DateTime(timezone=True)
_REFUND = Statement(select(refunds).where(refunds.c.id == bindparam("id", type_=Uuid)))
_REFUNDS_OF = Statement(
    select(refunds)
    .where(refunds.c.payment_id == bindparam("payment_id", type_=Uuid))
    .order_by(refunds.c.created_at, refunds.c.id)
)
_ADD_REFUND = Statement(upsert(refunds).on_conflict_do_nothing(index_elements=["id"]).returning(refunds.c.id))
_REFUND_CHANGING: Final = ("status", "provider_ref", "failure", "settled_at", "attempts", "version")
_SAVE_REFUND = Statement(
    update(refunds)
    .where(refunds.c.id == bindparam("of", type_=Uuid), refunds.c.version == bindparam("stored", type_=Integer))
    .values({name: bindparam(name, type_=refunds.c[name].type) for name in _REFUND_CHANGING})
)
_unsubmitted = (
    walled(select(refunds.c.id))
    .where(
        one_of(refunds.c.status, (RefundStatus.REQUESTED, RefundStatus.SUBMITTED)),
        refunds.c.due_at <= bindparam("now", type_=_INSTANT),
    )
    .order_by(refunds.c.due_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("unsubmitted")
)
_CLAIM_REFUNDS = Statement(
    update(refunds)
    .where(refunds.c.id.in_(select(_unsubmitted.c.id)))
    .values(
        status=RefundStatus.SUBMITTED.value,
        attempts=refunds.c.attempts + 1,
        version=refunds.c.version + 1,
        due_at=bindparam("until", type_=_INSTANT),
    )
    .returning(*refunds.c)
)
_POSTPONE = Statement(
    update(refunds).where(refunds.c.id == bindparam("of", type_=Uuid)).values(due_at=bindparam("due", type_=_INSTANT))
)


def refund_row(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "payer_id": refund.payer_id,
        "booking_id": refund.booking_id,
        "amount_minor": refund.amount.minor,
        "currency": refund.amount.currency,
        "cause": refund.cause.value,
        "reason": refund.reason,
        "by_user_id": refund.by,
        "created_at": refund.created_at,
        "status": refund.status.value,
        "provider_ref": refund.provider_ref,
        "failure": refund.failure,
        "settled_at": refund.settled_at,
        "attempts": refund.attempts,
        "version": refund.version,
    }


def refund_of(row: asyncpg.Record) -> Refund:
    return Refund(
        id=RefundId(row["id"]),
        payment_id=PaymentId(row["payment_id"]),
        payer_id=UserId(row["payer_id"]),
        booking_id=BookingId(row["booking_id"]) if row["booking_id"] is not None else None,
        amount=Money(row["amount_minor"], row["currency"]),
        cause=RefundCause(row["cause"]),
        reason=row["reason"],
        by=UserId(row["by_user_id"]) if row["by_user_id"] is not None else None,
        created_at=row["created_at"],
        status=RefundStatus(row["status"]),
        provider_ref=row["provider_ref"],
        failure=row["failure"],
        settled_at=row["settled_at"],
        attempts=row["attempts"],
        version=row["version"],
    )


class SqlRefunds:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def get(self, refund_id: RefundId) -> Refund:
        row = await _REFUND.row(self._connection, id=refund_id)
        if row is None:
            raise NotFound("there is no such refund")
        return refund_of(row)

    async def of_payment(self, payment_id: PaymentId) -> Sequence[Refund]:
        return [refund_of(row) for row in await _REFUNDS_OF.all(self._connection, payment_id=payment_id)]

    async def add(self, refund: Refund) -> None:
        row = refund_row(refund) | {"due_at": refund.created_at}
        if await _ADD_REFUND.value(self._connection, **row) is None:
            raise Conflict("there is a refund with this id already")

    async def save(self, refund: Refund) -> None:
        row = refund_row(refund)
        values = {name: row[name] for name in _REFUND_CHANGING}
        if await _SAVE_REFUND.run(self._connection, of=refund.id, stored=refund.version - 1, **values) != 1:
            raise StaleWrite("this refund has changed in between")

    async def claim_unsubmitted(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[Refund]:
        rows = await _CLAIM_REFUNDS.all(self._connection, now=now, until=now + lease, most=limit)
        return sorted((refund_of(row) for row in rows), key=lambda refund: (refund.created_at, refund.id))

    async def postpone(self, refund_id: RefundId, *, due: datetime) -> None:
        await _POSTPONE.run(self._connection, of=refund_id, due=due)
