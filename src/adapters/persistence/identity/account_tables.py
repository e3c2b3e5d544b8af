"""Copies of personal data, erasures, and people whom another system manages."""

from typing import Final

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from adapters.persistence.metadata import academy_column, metadata

EXPORT_WAITING: Final = "uq_exports_waiting"
ERASURE_SCHEDULED: Final = "uq_erasures_scheduled"

exports: Final = Table(
    "exports",
    metadata,
    Column("id", Uuid, primary_key=True),
    academy_column(),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("requested_by", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("archive", LargeBinary),
    Column("version", Integer, nullable=False),
    Index("ix_exports_user_id_created_at", "user_id", "created_at"),
)
Index(EXPORT_WAITING, exports.c.user_id, unique=True, postgresql_where=text("status = 'requested'"))
Index("ix_exports_expires_at", exports.c.expires_at, postgresql_where=text("status = 'ready'"))

erasures: Final = Table(
    "erasures",
    metadata,
    Column("id", Uuid, primary_key=True),
    academy_column(),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("requested_by", Uuid, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
)
Index(ERASURE_SCHEDULED, erasures.c.user_id, unique=True, postgresql_where=text("status = 'scheduled'"))
Index("ix_erasures_due_at", erasures.c.due_at, postgresql_where=text("status = 'scheduled'"))

external_users: Final = Table(
    "external_users",
    metadata,
    academy_column(),
    Column("subject", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("told_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("academy_id", "subject"),
    Index("ix_external_users_user_id", "user_id"),
)

identity_notices: Final = Table(
    "identity_notices",
    metadata,
    academy_column(),
    Column("event_id", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("academy_id", "event_id"),
    Index("ix_identity_notices_received_at", "received_at"),
)
