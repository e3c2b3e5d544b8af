"""Clearances of Qaris, and what people have agreed to."""

from typing import Final

from sqlalchemy import Column, Date, DateTime, ForeignKey, Index, Integer, Table, Text, Uuid

from adapters.persistence.metadata import academy_column, metadata

clearances: Final = Table(
    "clearances",
    metadata,
    Column("id", Uuid, primary_key=True),
    academy_column(),
    Column("qari_id", Uuid, ForeignKey("qaris.user_id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("expires_on", Date),
    Column("reference", Text, nullable=False),
    Column("recorded_by", Uuid, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    Index("ix_clearances_qari_id", "qari_id"),
)

consents: Final = Table(
    "consents",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("child_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    academy_column(),
    Index(
        "uq_consents_said",
        "academy_id",
        "user_id",
        "child_id",
        "kind",
        "version",
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
    Index("ix_consents_user_id", "user_id"),
)
