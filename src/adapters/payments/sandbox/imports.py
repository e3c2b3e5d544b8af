"""Registers what happened in the past, without events: the demo school needs a provider that remembers it."""

from datetime import timedelta
from typing import Any, Final

import msgspec

from adapters.payments.sandbox.database import Connection
from adapters.payments.sandbox.errors import invalid, unknown_account
from adapters.payments.sandbox.limits import check_amount
from adapters.payments.sandbox.requests import PastCheckout
from adapters.payments.sandbox.rows import fresh_id

MOST: Final = 20_000


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    imported: int
    known_already: int


def decode_import(raw: bytes) -> list[PastCheckout]:
    """A JSON list or one object a line. Raises ApiRefusal."""
    try:
        if raw.lstrip()[:1] == b"[":
            records = msgspec.json.decode(raw, type=list[PastCheckout])
        else:
            records = msgspec.json.Decoder(PastCheckout).decode_lines(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid("invalid_body", str(error)) from error
    if len(records) > MOST:
        raise invalid("too_many_records", f"At most {MOST} records at once.")
    return records


async def import_past(
    connection: Connection, records: list[PastCheckout], accounts: frozenset[str], default: str
) -> Imported:
    """All or nothing; known ids are left alone."""
    for record in records:
        _check(record, accounts)
    rows = [_row(record, record.account or default) for record in records]
    async with connection.transaction():
        new = await connection.fetch(
            """INSERT INTO sandbox.checkouts (id, account, reference, status, amount, refunded, currency, description,
                   payer_email, success_url, cancel_url, metadata, decline_code, charge, card_brand, card_last4,
                   created_at, updated_at, expires_at)
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
                   $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::jsonb[], $13::text[],
                   $14::text[], $15::text[], $16::text[], $17::timestamptz[], $18::timestamptz[], $19::timestamptz[])
               ON CONFLICT DO NOTHING RETURNING id""",
            *([list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 19),
        )
        fresh = {row["id"] for row in new}
        taken = [record for record in records if record.id in fresh]
        await connection.executemany(
            """INSERT INTO sandbox.refunds (id, checkout, reference, amount, currency, reason, status, failure_reason,
                   created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)""",
            [
                (
                    refund.id or fresh_id("re"),
                    record.id,
                    refund.reference,
                    refund.amount,
                    record.currency,
                    refund.reason,
                    refund.status,
                    "expired_or_canceled_card" if refund.status == "failed" else None,
                    refund.created_at,
                )
                for record in taken
                for refund in record.refunds
            ],
        )
    return Imported(imported=len(fresh), known_already=len(records) - len(fresh))


def _check(record: PastCheckout, accounts: frozenset[str]) -> None:
    check_amount(record.amount, record.currency)
    if record.account is not None and record.account not in accounts:
        raise unknown_account(record.account)
    if record.refunds and record.status != "succeeded":
        raise invalid("checkout_not_paid", f"{record.id}: only a paid checkout has refunds.", "refunds")
    if _refunded(record) > record.amount:
        raise invalid("amount_too_large", f"{record.id}: more was refunded than paid.", "refunds")


def _refunded(record: PastCheckout) -> int:
    return sum(refund.amount for refund in record.refunds if refund.status == "succeeded")


def _row(record: PastCheckout, account: str) -> tuple[Any, ...]:
    paid = record.status == "succeeded"
    changed = max([record.paid_at or record.created_at, *(refund.created_at for refund in record.refunds)])
    return (
        record.id,
        account,
        record.reference,
        record.status,
        record.amount,
        _refunded(record),
        record.currency,
        record.description,
        record.payer_email,
        record.success_url,
        record.cancel_url,
        msgspec.json.encode(record.metadata).decode(),
        record.decline_code,
        (record.charge or fresh_id("ch")) if paid else None,
        record.card_brand if paid else None,
        record.card_last4 if paid else None,
        record.created_at,
        changed,
        record.created_at + timedelta(hours=24),
    )
