"""The provider's own rules: what may happen to a checkout and to a refund. Every change emits its event."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from adapters.payments.sandbox.cards import SandboxCard
from adapters.payments.sandbox.errors import invalid, missing
from adapters.payments.sandbox.events import emit
from adapters.payments.sandbox.idempotency import forget_old_keys, once
from adapters.payments.sandbox.limits import check_amount
from adapters.payments.sandbox.requests import NewCheckout, NewRefund
from adapters.payments.sandbox.rows import CHECKOUT, REFUND, Rows, fresh_id, read_refund, refund_of
from adapters.payments.sandbox.wake import Wake
from adapters.payments.sandbox.wire import CheckoutObject, CheckoutPage, EventType, RefundObject
from ports.clock import Clock

LONGEST: Final = timedelta(hours=24, minutes=5)
PAYABLE: Final = ("open", "requires_action", "failed")
PAGE: Final = 100


class Provider:
    """One per process; everything it knows is in the database."""

    def __init__(self, pool: "asyncpg.Pool[Any]", rows: Rows, clock: Clock, wake: Wake, delayed_s: float) -> None:
        self._pool, self._rows, self._clock, self._wake = pool, rows, clock, wake
        self._delay = timedelta(seconds=delayed_s)

    # -- checkouts ---------------------------------------------------------------------------------------------

    async def open(self, account: str, key: str | None, new: NewCheckout) -> CheckoutObject:
        async with self._change() as (connection, now):
            return await once(
                connection, account, key, new, CheckoutObject, lambda: self._open(connection, account, new, now), at=now
            )

    async def _open(
        self, connection: "asyncpg.Connection[Any]", account: str, new: NewCheckout, now: datetime
    ) -> CheckoutObject:
        check_amount(new.amount, new.currency)
        if not now < new.expires_at <= now + LONGEST:
            raise invalid("expires_at_invalid", "expires_at is between now and 24 hours from now.", "expires_at")
        id = fresh_id("cs")
        await connection.execute(
            """INSERT INTO sandbox.checkouts (id, account, reference, status, amount, currency, description,
                   payer_email, success_url, cancel_url, metadata, created_at, updated_at, expires_at)
               VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)""",
            id,
            account,
            new.reference,
            new.amount,
            new.currency,
            new.description,
            new.payer_email,
            new.success_url,
            new.cancel_url,
            new.metadata_json,
            now,
            new.expires_at,
        )
        return await self._rows.checkout(connection, id)

    async def checkout(self, id: str, account: str | None = None) -> CheckoutObject:
        """As it is now: what is due by the clock happens first. Raises ApiRefusal (404)."""
        async with self._change() as (connection, now):
            await self._locked(connection, id, account, now)
            return await self._rows.checkout(connection, id)

    async def expire(self, id: str, account: str | None = None) -> CheckoutObject:
        """Closes a page that can still be paid; any other stays as it is."""
        async with self._change() as (connection, now):
            row = await self._locked(connection, id, account, now)
            if row["status"] in PAYABLE:
                await self._expire(connection, id, now)
            return await self._rows.checkout(connection, id)

    async def changed(self, account: str, since: datetime, after: tuple[datetime, str] | None) -> CheckoutPage:
        """Oldest change first. ``after`` is where the page before ended."""
        moment, id = after or (since, "")
        async with self._pool.acquire() as connection:
            found = await connection.fetch(
                f"""SELECT {CHECKOUT} FROM sandbox.checkouts WHERE account = $1 AND (updated_at, id) > ($2, $3)
                    ORDER BY updated_at, id LIMIT {PAGE + 1}""",  # noqa: S608
                account,
                moment,
                id,
            )
            data = await self._rows.checkouts(connection, found[:PAGE])
        more = f"{data[-1].updated_at.isoformat()}~{data[-1].id}" if len(found) > PAGE else None
        return CheckoutPage(data=tuple(data), next_cursor=more)

    # -- paying ------------------------------------------------------------------------------------------------

    async def pay(self, id: str, card: SandboxCard) -> CheckoutObject:
        """Takes the card to the bank. A checkout that cannot be paid any more is returned as it is."""
        async with self._change() as (connection, now):
            row = await self._locked(connection, id, None, now)
            if row["status"] in PAYABLE:
                await self._try(connection, id, card, now)
            return await self._rows.checkout(connection, id)

    async def answer_challenge(self, id: str, *, approve: bool) -> CheckoutObject:
        """The payer's word to the bank's question (3-D Secure). Nothing happens when nothing was asked."""
        async with self._change() as (connection, now):
            row = await self._locked(connection, id, None, now)
            attempt = await connection.fetchrow(
                "SELECT * FROM sandbox.attempts WHERE checkout = $1 AND status = 'requires_action'", id
            )
            if row["status"] == "requires_action" and attempt is not None:
                await self._conclude(
                    connection, attempt, attempt["then_declined"] if approve else "authentication_failed", now
                )
            return await self._rows.checkout(connection, id)

    async def _try(self, connection: "asyncpg.Connection[Any]", id: str, card: SandboxCard, now: datetime) -> None:
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
                connection, id, "processing", now, event="checkout.processing", settles_at=now + self._delay
            )
        else:
            assert attempt is not None  # noqa: S101 (INSERT … RETURNING)
            await self._conclude(connection, attempt, card.decline_code, now)

    async def _conclude(
        self, connection: "asyncpg.Connection[Any]", attempt: "asyncpg.Record", declined: str | None, now: datetime
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

    # -- refunds -----------------------------------------------------------------------------------------------

    async def refund(self, account: str, key: str | None, new: NewRefund) -> RefundObject:
        """Raises ApiRefusal: not paid, more than what is left, nothing left."""
        async with self._change() as (connection, now):
            return await once(
                connection, account, key, new, RefundObject, lambda: self._refund(connection, account, new, now), at=now
            )

    async def _refund(
        self, connection: "asyncpg.Connection[Any]", account: str, new: NewRefund, now: datetime
    ) -> RefundObject:
        checkout = await self._locked(connection, new.checkout, account, now)
        if checkout["status"] != "succeeded":
            raise invalid("checkout_not_paid", "Only a paid checkout can be refunded.", "checkout")
        under_way: int = await connection.fetchval(
            "SELECT coalesce(sum(amount), 0)::bigint FROM sandbox.refunds WHERE checkout = $1 AND status <> 'failed'",
            new.checkout,
        )
        left = checkout["amount"] - under_way
        if left == 0:
            raise invalid("already_refunded", "The whole amount has been refunded.", "checkout")
        if new.currency != checkout["currency"]:
            raise invalid("currency_mismatch", f"The checkout was paid in {checkout['currency']}.", "currency")
        if new.amount > left:
            raise invalid("amount_too_large", f"At most {left} can still be refunded.", "amount")
        manner: str | None = await connection.fetchval(
            "SELECT refund_manner FROM sandbox.attempts WHERE id = $1", checkout["charge"]
        )
        row = await connection.fetchrow(
            f"""INSERT INTO sandbox.refunds (id, checkout, reference, amount, currency, reason, status, settles_at,
                   settles_to, created_at, updated_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING {REFUND}""",  # noqa: S608
            fresh_id("re"),
            new.checkout,
            new.reference,
            new.amount,
            new.currency,
            new.reason,
            "pending" if manner == "pending" else "succeeded",
            now + self._delay if manner in ("pending", "fails_later") else None,
            {"pending": "succeeded", "fails_later": "failed"}.get(manner or ""),
            now,
        )
        assert row is not None  # noqa: S101 (INSERT … RETURNING)
        await self._recount(connection, new.checkout, now)
        await emit(connection, "refund.created", refund_of(row), account=account, at=now)
        return refund_of(row)

    async def refund_by_id(self, account: str, id: str) -> RefundObject:
        """Raises ApiRefusal (404)."""
        async with self._change() as (connection, now):
            checkout = await connection.fetchval("SELECT checkout FROM sandbox.refunds WHERE id = $1", id)
            if checkout is None:
                raise missing("refund", id)
            await self._locked(connection, checkout, account, now)
            return await read_refund(connection, id)

    # -- the clock ---------------------------------------------------------------------------------------------

    async def settle_due(self) -> None:
        """What happens by itself: pages expire, banks answer late, refunds arrive or bounce. Safe to run anywhere,
        by several at once.
        """
        async with self._change() as (connection, now):
            due = await connection.fetch(
                """SELECT id FROM sandbox.checkouts WHERE status IN ('open', 'requires_action', 'failed')
                       AND expires_at <= $1
                   UNION SELECT id FROM sandbox.checkouts WHERE status = 'processing' AND settles_at <= $1
                   UNION SELECT checkout FROM sandbox.refunds WHERE settles_at <= $1 LIMIT 200""",
                now,
            )
            free = await connection.fetch(
                "SELECT id FROM sandbox.checkouts WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE SKIP LOCKED",
                [row["id"] for row in due],
            )
            for row in free:
                await self._locked(connection, row["id"], None, now)

    async def forget(self) -> None:
        """Idempotency keys nobody will repeat any more."""
        async with self._pool.acquire() as connection:
            await forget_old_keys(connection, self._clock.now())

    async def _locked(
        self, connection: "asyncpg.Connection[Any]", id: str, account: str | None, now: datetime
    ) -> "asyncpg.Record":
        """The checkout's row, locked, after what is due has happened to it. Raises ApiRefusal (404)."""
        query = "SELECT * FROM sandbox.checkouts WHERE id = $1 FOR UPDATE"
        row = await connection.fetchrow(query, id)
        if row is None or account not in (None, row["account"]):
            raise missing("checkout", id)
        if row["status"] in PAYABLE and row["expires_at"] <= now:
            await self._expire(connection, id, now)
        elif row["status"] == "processing" and row["settles_at"] <= now:
            attempt = await connection.fetchrow(
                "SELECT * FROM sandbox.attempts WHERE checkout = $1 AND status = 'processing'", id
            )
            if attempt is not None:
                await self._conclude(connection, attempt, attempt["then_declined"], now)
        elif row["status"] == "succeeded":
            await self._settle_refunds(connection, row, now)
        else:
            return row
        fresh = await connection.fetchrow(query, id)
        assert fresh is not None  # noqa: S101 (locked above)
        return fresh

    async def _settle_refunds(
        self, connection: "asyncpg.Connection[Any]", checkout: "asyncpg.Record", now: datetime
    ) -> None:
        settled = await connection.fetch(
            f"""UPDATE sandbox.refunds SET status = settles_to, settles_at = NULL, updated_at = $2,
                    failure_reason = CASE WHEN settles_to = 'failed' THEN 'expired_or_canceled_card' END
                WHERE checkout = $1 AND settles_at <= $2 RETURNING {REFUND}""",  # noqa: S608
            checkout["id"],
            now,
        )
        if settled:
            await self._recount(connection, checkout["id"], now)
        for row in settled:
            type: EventType = "refund.failed" if row["status"] == "failed" else "refund.updated"
            await emit(connection, type, refund_of(row), account=checkout["account"], at=now)

    async def _recount(self, connection: "asyncpg.Connection[Any]", id: str, now: datetime) -> None:
        await connection.execute(
            """UPDATE sandbox.checkouts SET updated_at = $2, refunded = (SELECT coalesce(sum(amount), 0)
                   FROM sandbox.refunds WHERE checkout = $1 AND status = 'succeeded') WHERE id = $1""",
            id,
            now,
        )

    async def _expire(self, connection: "asyncpg.Connection[Any]", id: str, now: datetime) -> None:
        await connection.execute(
            "UPDATE sandbox.attempts SET status = 'abandoned', updated_at = $2 WHERE checkout = $1 AND status = $3",
            id,
            now,
            "requires_action",
        )
        await self._move(connection, id, "expired", now, event="checkout.expired")

    async def _move(
        self,
        connection: "asyncpg.Connection[Any]",
        id: str,
        status: str,
        now: datetime,
        *,
        event: EventType,
        declined: str | None = None,
        settles_at: datetime | None = None,
    ) -> None:
        await connection.execute(
            """UPDATE sandbox.checkouts SET status = $2, decline_code = $3, settles_at = $4, updated_at = $5
               WHERE id = $1""",
            id,
            status,
            declined,
            settles_at,
            now,
        )
        checkout = await self._rows.checkout(connection, id)
        await emit(connection, event, checkout, account=checkout.account, at=now)

    @asynccontextmanager
    async def _change(self) -> AsyncIterator[tuple["asyncpg.Connection[Any]", datetime]]:
        """A transaction and its moment. Afterwards the courier is woken."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection, self._clock.now()
        self._wake.nudge()
