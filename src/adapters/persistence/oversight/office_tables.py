"""Pictures of schools; and who has taken on what in the queues."""

from typing import Final

from sqlalchemy import Column, DateTime, ForeignKey, LargeBinary, PrimaryKeyConstraint, Table, Text, Uuid

from adapters.persistence.metadata import academy_column, metadata

brand_images: Final = Table(
    "brand_images",
    metadata,
    academy_column(),
    Column("digest", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("academy_id", "digest"),
)

queue_claims: Final = Table(
    "queue_claims",
    metadata,
    academy_column(),
    Column("queue", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("owner_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("claimed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("academy_id", "queue", "item"),
)
