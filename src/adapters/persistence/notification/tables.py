"""Messages and calendar feeds."""

from typing import Final

from sqlalchemy import Column, DateTime, Index, Integer, LargeBinary, String, Table, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from adapters.persistence.metadata import metadata

deliveries: Final = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("recipient_id", Uuid),
    Column("event", JSONB, nullable=False),
    Column("booking_id", Uuid),
    Column("status", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", String, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("not_after", DateTime(timezone=True)),
    Column("sent_at", DateTime(timezone=True)),
    UniqueConstraint("key"),
)
Index("ix_deliveries_due", deliveries.c.due_at, postgresql_where=text("status = 'queued'"))
Index("ix_deliveries_booking_id", deliveries.c.booking_id)
Index("ix_deliveries_newest", deliveries.c.created_at, deliveries.c.id)

feeds: Final = Table(
    "calendar_feeds",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
)
Index("uq_calendar_feeds_live", feeds.c.user_id, unique=True, postgresql_where=text("revoked_at IS NULL"))
