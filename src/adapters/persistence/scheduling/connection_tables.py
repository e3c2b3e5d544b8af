"""Other calendars that Qaris keep, and when they are busy there.

``external_busy`` holds times alone, no titles. A row that is ``blind`` stands for a strict connection: it counts from
``starts_at`` on, the moment at which what was read last gets old, and then for all time.
"""

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from adapters.persistence.metadata import academy_column, metadata, sealed_column

calendar_connections: Final = Table(
    "calendar_connections",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("qari_id", Uuid, ForeignKey("qaris.user_id", ondelete="CASCADE"), nullable=False),
    Column("source", Text, nullable=False),
    Column("label", Text, nullable=False),
    sealed_column("sealed"),
    Column("status", Text, nullable=False),
    Column("strict", Boolean, nullable=False),
    Column("cursor", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("next_read_at", DateTime(timezone=True), nullable=False),
    Column("whole_until", DateTime(timezone=True)),
    Column("last_read_at", DateTime(timezone=True)),
    Column("refusals", SmallInteger, nullable=False),
    Column("failures", SmallInteger, nullable=False),
    Column("error", Text, nullable=False),
    Column("told_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    academy_column(),
    CheckConstraint("status IN ('connected', 'lost', 'removed')", name="status"),
)
Index("ix_calendar_connections_qari_id", calendar_connections.c.qari_id)
Index(
    "ix_calendar_connections_next_read_at",
    calendar_connections.c.next_read_at,
    postgresql_where=text("status = 'connected'"),
)
Index(
    "ix_calendar_connections_told_at",
    calendar_connections.c.academy_id,
    calendar_connections.c.told_at,
    calendar_connections.c.id,
    postgresql_where=text("told_at IS NOT NULL AND status <> 'removed'"),
)

external_busy: Final = Table(
    "external_busy",
    metadata,
    Column("connection_id", Uuid, ForeignKey("calendar_connections.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("qari_id", Uuid, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("blind", Boolean, nullable=False),
    CheckConstraint("starts_at < ends_at", name="length"),
)
Index("ix_external_busy_qari_id_ends_at", external_busy.c.qari_id, external_busy.c.ends_at)
