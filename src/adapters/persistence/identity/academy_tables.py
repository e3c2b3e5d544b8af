"""The schools of this installation, and the host names that lead to them."""

from typing import Final

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, SmallInteger, Table, Text, Uuid

from adapters.persistence.metadata import metadata

academies: Final = Table(
    "academies",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
)

# Each door has names of its own; on one machine both may go by the same name, with another port.
academy_hosts: Final = Table(
    "academy_hosts",
    metadata,
    Column("door", Text, primary_key=True),
    Column("host", Text, primary_key=True),
    Column("belongs_to", Uuid, ForeignKey("academies.id"), nullable=False),
    Column("position", SmallInteger, nullable=False),
    Index("ix_academy_hosts_belongs_to", "belongs_to"),
)
