"""Messages and calendar feeds."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from adapters.persistence.metadata import academy_column, metadata

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
    Column("gathered", Boolean, nullable=False, server_default=false()),
    Column("read_at", DateTime(timezone=True)),
    Column("provider_ref", String, nullable=False, server_default=""),
    Column("unsure", Boolean, nullable=False, server_default=false()),
    academy_column(),
    UniqueConstraint("key"),
)
Index("ix_deliveries_due", deliveries.c.due_at, postgresql_where=text("status = 'queued'"))
Index("ix_deliveries_dead", deliveries.c.created_at, postgresql_where=text("status = 'dead'"))
Index("ix_deliveries_booking_id", deliveries.c.booking_id)
Index("ix_deliveries_newest", deliveries.c.academy_id, deliveries.c.created_at, deliveries.c.id)
Index(
    "ix_deliveries_notes",
    deliveries.c.recipient_id,
    deliveries.c.created_at,
    deliveries.c.id,
    postgresql_where=text("channel = 'in_app'"),
)

feeds: Final = Table(
    "calendar_feeds",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    academy_column(),
)
Index("uq_calendar_feeds_live", feeds.c.user_id, unique=True, postgresql_where=text("revoked_at IS NULL"))

preferences: Final = Table(
    "message_preferences",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("quiet_from", Time),
    Column("quiet_until", Time, nullable=False),
    Column("digest_at", Time),
    Column("muted", ARRAY(Text), nullable=False),
    Column("by_whatsapp", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("without_mail", ARRAY(Text), nullable=False, server_default=text("'{}'")),
)

steps: Final = Table(
    "sequence_steps",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("step", Text, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
)
