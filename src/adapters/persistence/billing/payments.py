"""Payments with their lines, on one asyncpg connection."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import (
    ARRAY,
    DateTime,
    Integer,
    Text,
    Uuid,
    any_,
    bindparam,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.persistence.billing.tables import one_of, payment_lines, payments, refunds
from adapters.persistence.statement import Statement, walled
from domain.billing.payment import LIVE, CheckoutTerms, Payment, PaymentLine, PaymentStatus
from domain.billing.refund import UNDER_WAY
from domain.billing.snapshot import Fact
from domain.errors import Conflict, NotFound, StaleWrite
from domain.ids import BookingId, PaymentId, UserId
from domain.money import Money

_INSTANT: Final = DateTime(timezone=True)
_LINES = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    "booking_id",
                    payment_lines.c.booking_id,
                    "learner_id",
                    payment_lines.c.learner_id,
                    "qari_id",
                    payment_lines.c.qari_id,
                    "amount_minor",
                    payment_lines.c.amount_minor,
                    "commission_percent",
                    payment_lines.c.commission_percent,
                ),
                payment_lines.c.position,
            )
        )
    )
    .where(payment_lines.c.payment_id == payments.c.id)
    .correlate(payments)
    .scalar_subquery()
    .label("lines")
)
_WHOLE = select(payments, _LINES)
_BY_ID = Statement(_WHOLE.where(payments.c.id == bindparam("id", type_=Uuid)))
_LOCK = Statement(_WHOLE.where(payments.c.id == bindparam("id", type_=Uuid)).with_for_update(of=payments))
_BY_IDS = Statement(
    _WHOLE.where(payments.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))).order_by(payments.c.created_at)
)
_BY_REF = Statement(
    _WHOLE.where(
        payments.c.provider == bindparam("provider", type_=Text),
        payments.c.account == bindparam("account", type_=Text),
        payments.c.provider_ref == bindparam("provider_ref", type_=Text),
    )
)
_REFS, _IDS = bindparam("refs", type_=ARRAY(Text)), bindparam("ids", type_=ARRAY(Uuid))
_LOCK_TOLD = Statement(
    _WHOLE.where(
        payments.c.provider == bindparam("provider", type_=Text),
        payments.c.account == bindparam("account", type_=Text),
        or_(payments.c.provider_ref == any_(_REFS), payments.c.id == any_(_IDS)),
    )
    .order_by(payments.c.id)
    .with_for_update(of=payments)
)
_OF_BOOKING = Statement(
    _WHOLE.where(
        payments.c.id.in_(
            select(payment_lines.c.payment_id).where(payment_lines.c.booking_id == bindparam("booking_id", type_=Uuid))
        )
    ).order_by(payments.c.created_at.desc(), payments.c.id.desc())
)
_ADD = Statement(upsert(payments).on_conflict_do_nothing(index_elements=["id"]).returning(payments.c.id))
_ADD_LINE = Statement(insert(payment_lines))
_CHANGING: Final = (
    "terms",
    "refunded_minor",
    "status",
    "provider_ref",
    "url",
    "charge_ref",
    "decline_code",
    "fact_status",
    "fact_at",
    "captured_at",
    "version",
)
_SAVE = Statement(
    update(payments)
    .where(payments.c.id == bindparam("of", type_=Uuid), payments.c.version < bindparam("version", type_=Integer))
    .values({name: bindparam(name, type_=payments.c[name].type) for name in _CHANGING})
    .returning(payments.c.id)
)
_BEFORE = bindparam("before", type_=_INSTANT)
# Each kind is found by an index of its own; one condition with OR would have to look at every payment there is.
_waiting = (
    select(payments.c.id).where(one_of(payments.c.status, LIVE), payments.c.checked_at <= _BEFORE),
    select(refunds.c.payment_id).where(one_of(refunds.c.status, UNDER_WAY)),
)
_unsettled = (
    walled(select(payments.c.id))
    .where(
        payments.c.id.in_(union_all(*(part.correlate(None) for part in _waiting))),
        payments.c.checked_at <= _BEFORE,
        or_(one_of(payments.c.status, LIVE), payments.c.captured_at.is_not(None)),
    )
    .order_by(payments.c.checked_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(of=payments, skip_locked=True)
    .cte("unsettled")
)
_CLAIM_UNSETTLED = Statement(
    update(payments)
    .where(payments.c.id.in_(select(_unsettled.c.id)))
    .values(checked_at=bindparam("now", type_=_INSTANT))
    .returning(payments.c.id)
)


class _Line(msgspec.Struct):
    booking_id: UUID
    learner_id: UUID
    qari_id: UUID
    amount_minor: int
    commission_percent: int


def to_row(payment: Payment) -> dict[str, Any]:
    fact = payment.fact
    return {
        "id": payment.id,
        "payer_id": payment.payer_id,
        "provider": payment.provider,
        "account": payment.account,
        "amount_minor": payment.amount.minor,
        "refunded_minor": payment.refunded.minor,
        "currency": payment.amount.currency,
        "terms": msgspec.json.encode(payment.terms).decode(),
        "status": payment.status.value,
        "provider_ref": payment.provider_ref,
        "url": payment.url,
        "charge_ref": payment.charge_ref,
        "decline_code": payment.decline_code,
        "fact_status": fact.status if fact else None,
        "fact_at": fact.updated_at if fact else None,
        "created_at": payment.created_at,
        "expires_at": payment.expires_at,
        "captured_at": payment.captured_at,
        "version": payment.version,
    }


def from_row(row: asyncpg.Record) -> Payment:
    currency = row["currency"]
    return Payment(
        id=PaymentId(row["id"]),
        payer_id=UserId(row["payer_id"]),
        provider=row["provider"],
        account=row["account"],
        lines=tuple(
            PaymentLine(
                booking_id=BookingId(line.booking_id),
                learner_id=UserId(line.learner_id),
                qari_id=UserId(line.qari_id),
                amount=Money(line.amount_minor, currency),
                commission_percent=line.commission_percent,
            )
            for line in msgspec.json.decode(row["lines"] or "[]", type=list[_Line])
        ),
        amount=Money(row["amount_minor"], currency),
        refunded=Money(row["refunded_minor"], currency),
        terms=msgspec.json.decode(row["terms"], type=CheckoutTerms),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        status=PaymentStatus(row["status"]),
        provider_ref=row["provider_ref"],
        url=row["url"],
        charge_ref=row["charge_ref"],
        decline_code=row["decline_code"],
        captured_at=row["captured_at"],
        fact=Fact(row["fact_status"], row["fact_at"]) if row["fact_status"] is not None else None,
        version=row["version"],
    )


class SqlPayments:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def get(self, payment_id: PaymentId) -> Payment:
        return _found(await _BY_ID.row(self._connection, id=payment_id))

    async def lock(self, payment_id: PaymentId) -> Payment:
        return _found(await _LOCK.row(self._connection, id=payment_id))

    async def lock_told(
        self, provider: str, account: str, *, refs: Collection[str], ids: Collection[PaymentId]
    ) -> Sequence[Payment]:
        rows = await _LOCK_TOLD.all(
            self._connection, provider=provider, account=account, refs=list(refs), ids=list(ids)
        )
        return [from_row(row) for row in rows]

    async def by_provider_ref(self, provider: str, account: str, provider_ref: str) -> Payment | None:
        row = await _BY_REF.row(self._connection, provider=provider, account=account, provider_ref=provider_ref)
        return from_row(row) if row is not None else None

    async def of_booking(self, booking_id: BookingId) -> Sequence[Payment]:
        return [from_row(row) for row in await _OF_BOOKING.all(self._connection, booking_id=booking_id)]

    async def add(self, payment: Payment) -> None:
        row = to_row(payment) | {"checked_at": payment.created_at}
        if await _ADD.value(self._connection, **row) is None:
            raise Conflict("there is a payment with this id already")
        for position, line in enumerate(payment.lines):
            await _ADD_LINE.run(
                self._connection,
                payment_id=payment.id,
                position=position,
                booking_id=line.booking_id,
                learner_id=line.learner_id,
                qari_id=line.qari_id,
                amount_minor=line.amount.minor,
                commission_percent=line.commission_percent,
            )

    async def save(self, *payments: Payment) -> None:
        saved = await _SAVE.each(self._connection, (_changes(payment) for payment in payments))
        if len(saved) != len(payments):
            raise StaleWrite("this payment has changed in between")

    async def claim_unsettled(self, *, now: datetime, pause: timedelta, limit: int) -> Sequence[Payment]:
        claimed = await _CLAIM_UNSETTLED.all(self._connection, now=now, before=now - pause, most=limit)
        if not claimed:
            return []
        return [from_row(row) for row in await _BY_IDS.all(self._connection, ids=[row["id"] for row in claimed])]


def _changes(payment: Payment) -> dict[str, Any]:
    row = to_row(payment)
    return {name: row[name] for name in _CHANGING} | {"of": payment.id}


def _found(row: asyncpg.Record | None) -> Payment:
    if row is None:
        raise NotFound("there is no such payment")
    return from_row(row)
