"""The inbox of webhooks as staff see it, dead letters included."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.statement import driver
from domain.billing.webhook_event import WebhookStatus
from domain.ids import PaymentId, WebhookId
from ports.academy import current_academy
from ports.billing.queries import WebhookDetail, WebhookView
from ports.paging import MAX_LIMIT, Page, decode_cursor, page_of

_VIEW: Final = """
SELECT w.id, w.provider, w.account, w.event_id, w.type, w.object_ref, w.status, w.attempts, w.error, w.occurred_at,
       w.received_at, w.due_at, w.settled_at, p.id AS payment_id{more}
FROM webhook_events w LEFT JOIN payments p
  ON w.object_ref <> '' AND (p.provider, p.account, p.provider_ref) = (w.provider, w.account, w.object_ref)
"""
_INBOX: Final = (
    _VIEW.format(more="")
    + """
WHERE w.academy_id = $5
  AND ($1::timestamptz IS NULL OR (w.received_at, w.id) < ($1, $2::uuid)) AND ($4::text IS NULL OR w.status = $4)
ORDER BY w.received_at DESC, w.id DESC LIMIT $3
"""
)
_ONE: Final = _VIEW.format(more=", w.raw") + "WHERE w.academy_id = $2 AND w.id = $1"
_COUNTS: Final = "SELECT status, count(*) AS how_many FROM webhook_events WHERE academy_id = $1 GROUP BY status"


class SqlWebhookQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def inbox(
        self, *, status: WebhookStatus | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[WebhookView]:
        most = max(1, min(limit, MAX_LIMIT))
        after = decode_cursor(cursor, tuple[datetime, UUID]) or (None, None)
        async with driver(self._engine) as connection:
            rows = await connection.fetch(_INBOX, *after, most + 1, status.value if status else None, current_academy())
        return page_of([_view(row) for row in rows], most, "received_at", "webhook_id")

    async def webhook(self, webhook_id: WebhookId) -> WebhookDetail | None:
        async with driver(self._engine) as connection:
            row = await connection.fetchrow(_ONE, webhook_id, current_academy())
        if row is None:
            return None
        return WebhookDetail(webhook=_view(row), raw=row["raw"].decode("utf-8", "replace"))

    async def counts(self) -> Mapping[WebhookStatus, int]:
        async with driver(self._engine) as connection:
            rows = await connection.fetch(_COUNTS, current_academy())
        return {WebhookStatus(row["status"]): row["how_many"] for row in rows}


def _view(row: asyncpg.Record) -> WebhookView:
    return WebhookView(
        webhook_id=WebhookId(row["id"]),
        provider=row["provider"],
        account=row["account"],
        event_id=row["event_id"],
        type=row["type"],
        object_ref=row["object_ref"],
        status=WebhookStatus(row["status"]),
        attempts=row["attempts"],
        error=row["error"],
        occurred_at=row["occurred_at"],
        received_at=row["received_at"],
        due_at=row["due_at"],
        settled_at=row["settled_at"],
        payment_id=PaymentId(row["payment_id"]) if row["payment_id"] is not None else None,
    )
