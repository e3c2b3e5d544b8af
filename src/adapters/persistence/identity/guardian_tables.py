"""Children and those who answer for them."""

from typing import Final

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.persistence.metadata import academy_column, metadata

OPEN_SQL: Final = "status IN ('pending', 'active')"
ONE_OPEN: Final = "uq_guardianships_open"

guardianships: Final = Table(
    "guardianships",
    metadata,
    Column("id", Uuid, primary_key=True),
    academy_column(),
    Column("guardian_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("child_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("rights", ARRAY(Text), nullable=False),
    Column("of_record", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_by", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    Index("ix_guardianships_guardian_id", "guardian_id"),
    Index("ix_guardianships_child_id", "child_id"),
    Index(ONE_OPEN, "guardian_id", "child_id", unique=True, postgresql_where=text(OPEN_SQL)),
)
