"""The schools of this installation."""

from typing import Final

from sqlalchemy import Column, DateTime, Table, Text, Uuid

from adapters.persistence.metadata import metadata

academies: Final = Table(
    "academies",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
