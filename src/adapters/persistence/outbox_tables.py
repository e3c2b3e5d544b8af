"""Events that were committed, and who still has to hear of them."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from adapters.persistence.metadata import academy_column, metadata

outbox_events = Table(
    "outbox_events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("type", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    academy_column(),
)

# A claim moves ``due_at`` to the end of its lease: what a killed worker left behind is simply due again.
outbox_tasks = Table(
    "outbox_tasks",
    metadata,
    Column("event_id", Uuid, ForeignKey(outbox_events.c.id, ondelete="CASCADE"), nullable=False),
    Column("subscriber", Text, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("done_at", DateTime(timezone=True)),
    Column("dead_at", DateTime(timezone=True)),
    Column("error", Text, nullable=False, server_default=text("''")),
    academy_column(),
    PrimaryKeyConstraint("event_id", "subscriber"),
)
Index(
    "ix_outbox_tasks_due",
    outbox_tasks.c.due_at,
    outbox_tasks.c.event_id,
    postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
)
Index("ix_outbox_tasks_dead", outbox_tasks.c.dead_at, postgresql_where=text("dead_at IS NOT NULL"))
