"""What needs or needed a person. It is about the whole installation, so there are no walls."""

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Index, Table, Text, Uuid, text

from adapters.persistence.metadata import metadata

alerts: Final = Table(
    "alerts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("status", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("ix_alerts_since", "since", "id"),
    Index("uq_alerts_open", "rule", "subject", unique=True, postgresql_where=text("status <> 'closed'")),
)
