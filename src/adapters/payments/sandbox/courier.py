"""Sends events over HTTP, at least once, until the receiver says 2xx or three days have passed."""

import asyncio
import logging
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import asyncpg
import httpx

from adapters.payments.sandbox.config import WebhookEndpoint
from adapters.payments.sandbox.signing import HEADER, sign
from adapters.payments.sandbox.wake import Wake
from ports.clock import Clock

GIVE_UP_AFTER: Final = timedelta(days=3)
LONGEST_WAIT_S: Final = 6 * 3600
BATCH: Final = 20
LEASE: Final = timedelta(seconds=60)
log = logging.getLogger("halaqa.sandbox")

# Claiming is moving the due time ahead: what a killed process had in hand comes up again when the lease ends.
_CLAIM: Final = """
UPDATE sandbox.deliveries AS d SET attempts = d.attempts + 1, due_at = $1::timestamptz + $2::interval, updated_at = $1
FROM (SELECT id FROM sandbox.deliveries WHERE status = 'waiting' AND due_at <= $1
      ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) AS next, sandbox.events AS e
WHERE d.id = next.id AND e.id = d.event
RETURNING d.id, d.account, d.attempts, d.created_at, e.body
"""


def backoff_s(attempt: int, base_s: float) -> float:
    """Four times longer each time, six hours at most, a fifth of it by chance."""
    wait: float = min(base_s * 4 ** min(attempt - 1, 12), LONGEST_WAIT_S)
    return wait * random.uniform(0.9, 1.1)  # noqa: S311


class Courier:
    def __init__(
        self,
        pool: "asyncpg.Pool[Any]",
        client: httpx.AsyncClient,
        endpoints: Mapping[str, WebhookEndpoint],
        clock: Clock,
        wake: Wake,
        retry_base_s: float,
    ) -> None:
        self._pool, self._client, self._endpoints = pool, client, endpoints
        self._clock, self._wake, self._retry_base_s = clock, wake, retry_base_s

    async def run(self) -> None:
        """Until cancelled. A database that is away is waited for."""
        while True:
            try:
                sent = await self.send_due()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("webhooks wait for the database: %s", error)
                sent = 0
            if sent < BATCH:
                await self._wake.wait(0.5)

    async def send_due(self) -> int:
        """One batch, side by side. Returns how many it tried."""
        async with self._pool.acquire() as connection:
            claimed = await connection.fetch(_CLAIM, self._clock.now(), LEASE, BATCH)
        await asyncio.gather(*(self._send(row) for row in claimed))
        return len(claimed)

    async def _send(self, row: "asyncpg.Record") -> None:
        endpoint = self._endpoints.get(row["account"])
        if endpoint is None:
            await self._note(row, "abandoned", "no endpoint is configured for this account")
            return
        answer, delivered = await self._post(endpoint, row["body"])
        if delivered:
            await self._note(row, "delivered", answer)
        elif self._clock.now() - row["created_at"] > GIVE_UP_AFTER:
            await self._note(row, "abandoned", answer)
        else:
            await self._note(row, "waiting", answer, wait_s=backoff_s(row["attempts"], self._retry_base_s))

    async def _post(self, endpoint: WebhookEndpoint, body: bytes) -> tuple[str, bool]:
        """Signed anew for every try, so that a late one is not too old. A redirect is a failure."""
        headers = {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Halaqa-Sandbox/1",
            HEADER: sign(body, endpoint.secrets, int(self._clock.now().timestamp())),
        }
        try:
            response = await self._client.post(endpoint.url, content=body, headers=headers)
        except httpx.HTTPError as error:
            return type(error).__name__, False
        return str(response.status_code), response.is_success

    async def _note(self, row: "asyncpg.Record", status: str, answer: str, *, wait_s: float = 0.0) -> None:
        now = self._clock.now()
        async with self._pool.acquire() as connection:
            await connection.execute(
                "UPDATE sandbox.deliveries SET status = $2, answer = $3, due_at = $4, updated_at = $5 WHERE id = $1",
                row["id"],
                status,
                answer,
                now + timedelta(seconds=wait_s),
                now,
            )
