"""What merchants, payers and the clock ask of the provider. One transaction each; what follows is the bank's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from adapters.payments.sandbox.bank import PAYABLE, Bank
from adapters.payments.sandbox.cards import SandboxCard
from adapters.payments.sandbox.database import Connection
from adapters.payments.sandbox.errors import invalid, missing
from adapters.payments.sandbox.events import emit
from adapters.payments.sandbox.idempotency import forget_old_keys, once
from adapters.payments.sandbox.limits import check_amount
from adapters.payments.sandbox.requests import NewCheckout, NewRefund
from adapters.payments.sandbox.rows import CHECKOUT, REFUND, Rows, fresh_id, read_refund, refund_of
from adapters.payments.sandbox.wake import Wake
from adapters.payments.sandbox.wire import CheckoutObject, CheckoutPage, RefundObject
from ports.clock import Clock

LONGEST: Final = timedelta(hours=24, minutes=5)
PAGE: Final = 100


class Provider:
    """One per process; everything it knows is in the database."""

    def __init__(self, pool: "asyncpg.Pool[Any]", rows: Rows, bank: Bank, clock: Clock, wake: Wake) -> None:
        self._pool, self._rows, self._bank, self._clock, self._wake = pool, rows, bank, clock, wake

    # -- checkouts ---------------------------------------------------------------------------------------------

    async def open(self, account: str, key: str | None, new: NewCheckout) -> CheckoutObject:
        async with self._change() as (connection, now):
            return await once(
                connection, account, key, new, CheckoutObject, lambda: self._open(connection, account, new, now), at=now
            )

    async def _open(self, connection: Connection, account: str, new: NewCheckout, now: datetime) -> CheckoutObject:
        check_amount(new.amount, new.currency)
        if not now < new.expires_at <= now + LONGEST:
            raise invalid("expires_at_invalid", "expires_at is between now and 24 hours from now.", "expires_at")
        checkout_id = fresh_id("cs")
        await connection.execute(
            """INSERT INTO sandbox.checkouts (id, account, reference, status, amount, currency, description,
                   payer_email, success_url, cancel_url, metadata, created_at, updated_at, expires_at)
               VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)""",
            checkout_id,
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
        return await self._rows.checkout(connection, checkout_id)

    async def checkout(self, id: str, account: str | None = None) -> CheckoutObject:
        """As it is now: what is due by the clock happens first. Raises ApiRefusal (404)."""
        async with self._change() as (connection, now):
            await self._bank.locked(connection, id, account, now)
            return await self._rows.checkout(connection, id)

    async def expire(self, id: str, account: str | None = None) -> CheckoutObject:
        """Closes a page that can still be paid; any other stays as it is."""
        async with self._change() as (connection, now):
            row = await self._bank.locked(connection, id, account, now)
            if row["status"] in PAYABLE:
                await self._bank.expire(connection, id, now)
            return await self._rows.checkout(connection, id)

    async def changed(self, account: str, since: datetime, after: tuple[datetime, str] | None) -> CheckoutPage:
        """Oldest change first. ``after`` is where the page before ended. A change that was under way while the page was
        read can carry a time before its end, so callers ask again with some overlap.
        """
        moment, last_id = after or (since, "")
        async with self._pool.acquire() as connection:
            found = await connection.fetch(
                f"""SELECT {CHECKOUT} FROM sandbox.checkouts WHERE account = $1 AND (updated_at, id) > ($2, $3)
                    ORDER BY updated_at, id LIMIT {PAGE + 1}""",  # noqa: S608
                account,
                moment,
                last_id,
            )
            data = await self._rows.checkouts(connection, found[:PAGE])
        more = f"{data[-1].updated_at.isoformat()}~{data[-1].id}" if len(found) > PAGE else None
        return CheckoutPage(data=tuple(data), next_cursor=more)

    # -- paying ------------------------------------------------------------------------------------------------

    async def pay(self, id: str, card: SandboxCard) -> CheckoutObject:
        """Takes the card to the bank. A checkout that cannot be paid any more is returned as it is."""
        async with self._change() as (connection, now):
            row = await self._bank.locked(connection, id, None, now)
            if row["status"] in PAYABLE:
                await self._bank.attempt(connection, id, card, now)
            return await self._rows.checkout(connection, id)

    async def answer_challenge(self, id: str, *, approve: bool) -> CheckoutObject:
        """The payer's word to the bank's question (3-D Secure). Nothing happens when nothing was asked."""
        async with self._change() as (connection, now):
            row = await self._bank.locked(connection, id, None, now)
            attempt = await connection.fetchrow(
                "SELECT * FROM sandbox.attempts WHERE checkout = $1 AND status = 'requires_action'", id
            )
            if row["status"] == "requires_action" and attempt is not None:
                await self._bank.conclude(
                    connection, attempt, attempt["then_declined"] if approve else "authentication_failed", now
                )
            return await self._rows.checkout(connection, id)

    # -- refunds -----------------------------------------------------------------------------------------------

    async def refund(self, account: str, key: str | None, new: NewRefund) -> RefundObject:
        """Raises ApiRefusal: not paid, more than what is left, nothing left."""
        async with self._change() as (connection, now):
            return await once(
                connection, account, key, new, RefundObject, lambda: self._refund(connection, account, new, now), at=now
            )

    async def _refund(self, connection: Connection, account: str, new: NewRefund, now: datetime) -> RefundObject:
        checkout = await self._bank.locked(connection, new.checkout, account, now)
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
            now + self._bank.delay if manner in ("pending", "fails_later") else None,
            {"pending": "succeeded", "fails_later": "failed"}.get(manner or ""),
            now,
        )
        assert row is not None  # noqa: S101 (INSERT … RETURNING)
        await self._bank.recount(connection, new.checkout, now)
        await emit(connection, "refund.created", refund_of(row), account=account, at=now)
        return refund_of(row)

    async def refund_by_id(self, account: str, id: str) -> RefundObject:
        """Raises ApiRefusal (404)."""
        async with self._change() as (connection, now):
            checkout = await connection.fetchval("SELECT checkout FROM sandbox.refunds WHERE id = $1", id)
            if checkout is None:
                raise missing("refund", id)
            await self._bank.locked(connection, checkout, account, now)
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
                await self._bank.locked(connection, row["id"], None, now)

    async def forget(self) -> None:
        """Idempotency keys nobody will repeat any more."""
        async with self._pool.acquire() as connection:
            await forget_old_keys(connection, self._clock.now())

    @asynccontextmanager
    async def _change(self) -> AsyncIterator[tuple[Connection, datetime]]:
        """A transaction and its moment. Afterwards the courier is woken."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection, self._clock.now()
        self._wake.nudge()
