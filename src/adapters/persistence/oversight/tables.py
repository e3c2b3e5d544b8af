"""Scheduled jobs: who runs them now, and how the last run went."""

from typing import Final

from sqlalchemy import Column, DateTime, Integer, String, Table

from adapters.persistence.metadata import metadata

jobs: Final = Table(
    "jobs",
    metadata,
    Column("name", String, primary_key=True),
    Column("tick", DateTime(timezone=True), nullable=False),
    Column("worker", String, nullable=False),
    Column("running_until", DateTime(timezone=True)),
    Column("last_started_at", DateTime(timezone=True), nullable=False),
    Column("last_finished_at", DateTime(timezone=True)),
    Column("last_ok_at", DateTime(timezone=True)),
    Column("last_error", String, nullable=False),
    Column("last_count", Integer, nullable=False),
    Column("failures_in_a_row", Integer, nullable=False),
)
