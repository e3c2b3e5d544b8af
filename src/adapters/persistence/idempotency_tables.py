"""Answers kept for writes that come twice."""

from typing import Final

from sqlalchemy import Column, DateTime, Index, Integer, LargeBinary, Table, Text

from adapters.persistence.metadata import metadata

idempotency_keys: Final = Table(
    "idempotency_keys",
    metadata,
    Column("scope", Text, primary_key=True),  # who and which route
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("locked_until", DateTime(timezone=True), nullable=False),
    Column("status", Integer),  # none while the first request is still at work
    Column("body", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("ix_idempotency_keys_created_at", "created_at"),
)
