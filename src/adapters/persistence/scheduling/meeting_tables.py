"""Live classes, and who pressed "join"."""

from typing import Final

from sqlalchemy import Column, DateTime, Index, Integer, String, Table, UniqueConstraint, Uuid

from adapters.persistence.metadata import academy_column, metadata, sealed_column

meetings: Final = Table(
    "meetings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("booking_id", Uuid, nullable=False),
    Column("provider", String, nullable=False),
    Column("status", String, nullable=False),
    sealed_column("sealed_room"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("ready_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    academy_column(),
    UniqueConstraint("booking_id"),
)

clicks: Final = Table(
    "meeting_clicks",
    metadata,
    Column("booking_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    academy_column(),
)
Index("ix_meeting_clicks_booking_id_at", clicks.c.booking_id, clicks.c.at)
