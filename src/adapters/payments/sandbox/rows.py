"""Reading the provider's rows as the objects of its API."""

import secrets
from collections.abc import Iterable, Sequence
from typing import Final

import asyncpg
import msgspec

from adapters.payments.sandbox.database import Connection
from adapters.payments.sandbox.wire import CheckoutObject, RefundObject

CHECKOUT: Final = (
    "id, account, reference, status, amount, refunded, currency, description, payer_email, success_url, cancel_url, "
    "metadata, decline_code, charge, card_brand, card_last4, created_at, updated_at, expires_at"
)
REFUND: Final = "id, checkout, reference, amount, currency, reason, status, failure_reason, created_at, updated_at"


def fresh_id(prefix: str) -> str:
    """Unguessable: whoever knows a checkout's id can open its page."""
    return f"{prefix}_{secrets.token_hex(16)}"


class Rows:
    """``public_url`` goes into the objects' page addresses."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url

    async def checkouts(self, connection: Connection, rows: Sequence["asyncpg.Record"]) -> list[CheckoutObject]:
        """With their refunds, in one more query."""
        refunds = await connection.fetch(
            f"SELECT {REFUND} FROM sandbox.refunds WHERE checkout = ANY($1::text[]) ORDER BY created_at, id",  # noqa: S608
            [row["id"] for row in rows],
        )
        return [self._checkout(row, (refund for refund in refunds if refund["checkout"] == row["id"])) for row in rows]

    async def checkout(self, connection: Connection, id: str) -> CheckoutObject:
        """Raises LookupError."""
        rows = await connection.fetch(f"SELECT {CHECKOUT} FROM sandbox.checkouts WHERE id = $1", id)  # noqa: S608
        if not rows:
            raise LookupError(id)
        return (await self.checkouts(connection, rows))[0]

    def _checkout(self, row: "asyncpg.Record", refunds: Iterable["asyncpg.Record"]) -> CheckoutObject:
        values = dict(row)
        values["metadata"] = msgspec.json.decode(values["metadata"], type=dict[str, str])
        return CheckoutObject(
            **values, url=f"{self._public_url}/pay/{row['id']}", refunds=tuple(refund_of(refund) for refund in refunds)
        )


async def read_refund(connection: Connection, id: str) -> RefundObject:
    """Raises LookupError."""
    row = await connection.fetchrow(f"SELECT {REFUND} FROM sandbox.refunds WHERE id = $1", id)  # noqa: S608
    if row is None:
        raise LookupError(id)
    return refund_of(row)


def refund_of(row: "asyncpg.Record") -> RefundObject:
    return RefundObject(**dict(row))
