"""Disputes on one asyncpg connection."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.persistence.billing.tables import disputes
from adapters.persistence.statement import Statement
from domain.billing.dispute import Dispute
from domain.ids import DisputeId, PaymentId, UserId
from domain.money import Money

_OF_PAYMENT: Final = Statement(
    select(disputes)
    .where(disputes.c.payment_id == bindparam("payment_id", type_=Uuid))
    .order_by(disputes.c.opened_at, disputes.c.id)
)
_new = upsert(disputes)
_KEEP: Final = Statement(
    _new.on_conflict_do_update(
        constraint="uq_disputes_payment_id_provider_ref",
        set_={
            name: _new.excluded[name] for name in ("amount_minor", "status", "is_open", "due_by", "is_taken", "taking")
        },
    )
)


def dispute_of(row: asyncpg.Record) -> Dispute:
    return Dispute(
        id=DisputeId(row["id"]),
        payment_id=PaymentId(row["payment_id"]),
        payer_id=UserId(row["payer_id"]),
        provider_ref=row["provider_ref"],
        amount=Money(row["amount_minor"], row["currency"]),
        reason=row["reason"],
        status=row["status"],
        is_open=row["is_open"],
        opened_at=row["opened_at"],
        due_by=row["due_by"],
        is_taken=row["is_taken"],
        taking=row["taking"],
    )


class SqlDisputes:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def of_payment(self, payment_id: PaymentId) -> Sequence[Dispute]:
        return [dispute_of(row) for row in await _OF_PAYMENT.all(self._connection, payment_id=payment_id)]

    async def keep(self, dispute: Dispute) -> None:
        await _KEEP.run(
            self._connection,
            id=dispute.id,
            payment_id=dispute.payment_id,
            payer_id=dispute.payer_id,
            provider_ref=dispute.provider_ref,
            amount_minor=dispute.amount.minor,
            currency=dispute.amount.currency,
            reason=dispute.reason,
            status=dispute.status,
            is_open=dispute.is_open,
            opened_at=dispute.opened_at,
            due_by=dispute.due_by,
            is_taken=dispute.is_taken,
            taking=dispute.taking,
        )
