"""What can happen to one checkout: a try, its outcome, a refund's outcome, the end of its time. Each emits its event.

All of it works inside the caller's transaction, on a checkout whose row the caller holds locked. A checkout's
``updated_at`` always grows, also where a transaction had to wait for another that began after it.
"""

from datetime import datetime, timedelta
from typing import Final

import asyncpg

from adapters.payments.sandbox.cards import SandboxCard
from adapters.payments.sandbox.database import Connection
from adapters.payments.sandbox.errors import missing
from adapters.payments.sandbox.events import emit
from adapters.payments.sandbox.rows import REFUND, Rows, fresh_id, refund_of
from adapters.payments.sandbox.wire import EventType

PAYABLE: Final = ("open", "requires_action", "failed")


class Bank:
    """``delayed_s``: how long the delayed card and a pending refund take."""

    def __init__(self, rows: Rows, delayed_s: float) -> None:
        self._rows, self.delay = rows, timedelta(seconds=delayed_s)

    async def locked(self, connection: Connection, id: str, account: str | None, now: datetime) -> "asyncpg.Record":
        """The checkout's row, locked, after what is due has happened to it. Raises ApiRefusal (404)."""
        query = "SELECT * FROM sandbox.checkouts WHERE id = $1 FOR UPDATE"
        row: asyncpg.Record | None = await connection.fetchrow(query, id)
        if row is None or account not in (None, row["account"]):
            raise missing("checkout", id)
        if row["status"] in PAYABLE and row["expires_at"] <= now:
            await self.expire(connection, id, now)
        elif row["status"] == "processing" and row["settles_at"] <= now:
            attempt = await connection.fetchrow(
                "SELECT * FROM sandbox.attempts WHERE checkout = $1 AND status = 'processing'", id
            )
            if attempt is not None:
                await self.conclude(connection, attempt, attempt["then_declined"], now)
        elif row["status"] == "succeeded":
            await self._settle_refunds(connection, row, now)
        else:
            return row
        fresh: asyncpg.Record | None = await connection.fetchrow(query, id)
        assert fresh is not None  # noqa: S101 (locked above)
        return fresh

    async def attempt(self, connection: Connection, id: str, card: SandboxCard, now: datetime) -> None:
        await connection.execute(
            "UPDATE sandbox.attempts SET status = 'abandoned', updated_at = $2 WHERE checkout = $1 AND status = $3",
            id,
            now,
            "requires_action",
        )
        attempt = await connection.fetchrow(
            """INSERT INTO sandbox.attempts
                   (id, checkout, brand, last4, status, then_declined, refund_manner, created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING *""",
            fresh_id("ch"),
            id,
            card.brand,
            card.last4,
            "requires_action" if card.challenge else "processing",
            card.decline_code,
            card.refund,
            now,
        )
        if card.challenge:
            await self._move(connection, id, "requires_action", now, event="checkout.requires_action")
        elif card.delayed:
            await self._move(
                connection, id, "processing", now, event="checkout.processing", settles_at=now + self.delay
            )
        else:
            assert attempt is not None  # noqa: S101 (INSERT … RETURNING)
            await self.conclude(connection, attempt, card.decline_code, now)

    async def conclude(
        self, connection: Connection, attempt: "asyncpg.Record", declined: str | None, now: datetime
    ) -> None:
        await connection.execute(
            "UPDATE sandbox.attempts SET status = $2, decline_code = $3, updated_at = $4 WHERE id = $1",
            attempt["id"],
            "declined" if declined else "succeeded",
            declined,
            now,
        )
        if declined:
            await self._move(
                connection, attempt["checkout"], "failed", now, event="checkout.payment_failed", declined=declined
            )
            return
        await connection.execute(
            "UPDATE sandbox.checkouts SET charge = $2, card_brand = $3, card_last4 = $4 WHERE id = $1",
            attempt["checkout"],
            attempt["id"],
            attempt["brand"],
            attempt["last4"],
        )
        await self._move(connection, attempt["checkout"], "succeeded", now, event="checkout.succeeded")

    async def _settle_refunds(self, connection: Connection, checkout: "asyncpg.Record", now: datetime) -> None:
        settled = await connection.fetch(
            f"""UPDATE sandbox.refunds SET status = settles_to, settles_at = NULL, updated_at = $2,
                    failure_reason = CASE WHEN settles_to = 'failed' THEN 'expired_or_canceled_card' END
                WHERE checkout = $1 AND settles_at <= $2 RETURNING {REFUND}""",  # noqa: S608
            checkout["id"],
            now,
        )
        if settled:
            await self.recount(connection, checkout["id"], now)
        for row in settled:
            happened: EventType = "refund.failed" if row["status"] == "failed" else "refund.updated"
            await emit(connection, happened, refund_of(row), account=checkout["account"], at=now)

    async def recount(self, connection: Connection, id: str, now: datetime) -> None:
        await connection.execute(
            """UPDATE sandbox.checkouts SET updated_at = greatest($2, updated_at + interval '1 microsecond'),
                   refunded = (SELECT coalesce(sum(amount), 0) FROM sandbox.refunds
                               WHERE checkout = $1 AND status = 'succeeded')
               WHERE id = $1""",
            id,
            now,
        )

    async def expire(self, connection: Connection, id: str, now: datetime) -> None:
        await connection.execute(
            "UPDATE sandbox.attempts SET status = 'abandoned', updated_at = $2 WHERE checkout = $1 AND status = $3",
            id,
            now,
            "requires_action",
        )
        await self._move(connection, id, "expired", now, event="checkout.expired")

    async def _move(
        self,
        connection: Connection,
        id: str,
        status: str,
        now: datetime,
        *,
        event: EventType,
        declined: str | None = None,
        settles_at: datetime | None = None,
    ) -> None:
        await connection.execute(
            """UPDATE sandbox.checkouts SET status = $2, decline_code = $3, settles_at = $4,
                   updated_at = greatest($5, updated_at + interval '1 microsecond')
               WHERE id = $1""",
            id,
            status,
            declined,
            settles_at,
            now,
        )
        checkout = await self._rows.checkout(connection, id)
        await emit(connection, event, checkout, account=checkout.account, at=now)
