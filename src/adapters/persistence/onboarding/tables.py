"""Applications, what was handed in with them, and where learners stand. National ids are here sealed alone."""

from typing import Final

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from adapters.persistence.metadata import academy_column, metadata, sealed_column

ONE_EACH: Final = "uq_applications_user_id_role"

applications: Final = Table(
    "applications",
    metadata,
    Column("id", Uuid, primary_key=True),
    academy_column(),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("role", Text, nullable=False),
    Column("form", JSONB, nullable=False),
    Column("id_country", Text),
    Column("id_tail", Text),
    sealed_column("id_sealed"),
    Column("status", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("submitted_at", DateTime(timezone=True)),
    Column("owner_id", Uuid),
    Column("claimed_at", DateTime(timezone=True)),
    Column("decided_at", DateTime(timezone=True)),
    Column("decided_by", Uuid),
    Column("reason", Text, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("user_id", "role", name=ONE_EACH),
)
Index(
    "ix_applications_waiting",
    applications.c.academy_id,
    applications.c.submitted_at,
    applications.c.id,
    postgresql_where=text("status = 'submitted'"),
)
Index("ix_applications_newest", applications.c.academy_id, applications.c.updated_at, applications.c.id)

application_editions: Final = Table(
    "application_editions",
    metadata,
    Column("application_id", Uuid, ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True),
    Column("edition", Integer, primary_key=True, autoincrement=False),
    academy_column(),
    Column("form", JSONB, nullable=False),
    Column("id_country", Text),
    Column("id_tail", Text),
    sealed_column("id_sealed"),
    Column("document_ids", ARRAY(Uuid), nullable=False),
    Column("submitted_at", DateTime(timezone=True), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    Column("decided_by", Uuid),
    Column("reason", Text, nullable=False),
)

application_documents: Final = Table(
    "application_documents",
    metadata,
    Column("id", Uuid, primary_key=True),
    academy_column(),
    Column("application_id", Uuid, ForeignKey("applications.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("uploaded_at", DateTime(timezone=True), nullable=False),
    Column("removed_at", DateTime(timezone=True)),
    Index("ix_application_documents_application_id", "application_id"),
)

placements: Final = Table(
    "placements",
    metadata,
    Column("learner_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    academy_column(),
    Column("level", Text, nullable=False),
    Column("goals", JSONB, nullable=False),
    Column("memorized", JSONB, nullable=False),
    Column("birth_date", Date, nullable=False),
    Column("match", JSONB, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("heard_by", Uuid),
)

trials: Final = Table(
    "trials",
    metadata,
    Column("booking_id", Uuid, ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True),
    academy_column(),
    Column("learner_id", Uuid, nullable=False),
    Column("qari_id", Uuid, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("level", Text),
    Column("note", Text, nullable=False),
    Column("judged_at", DateTime(timezone=True), nullable=False),
    Column("series_id", Uuid),
    Index("ix_trials_learner_id", "learner_id"),
)
