"""Where people are reached beside their mail, and whose mail comes back."""

from typing import Final

from sqlalchemy import Column, DateTime, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint, Uuid

from adapters.persistence.metadata import academy_column, metadata, sealed_column

push_browsers: Final = Table(
    "push_browsers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    sealed_column("sealed", nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    academy_column(),
    UniqueConstraint("academy_id", "fingerprint", name="uq_push_browsers_fingerprint"),
)
Index("ix_push_browsers_user_id", push_browsers.c.user_id)

dead_addresses: Final = Table(
    "dead_addresses",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("address", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    academy_column(),
)
Index("ix_dead_addresses_at", dead_addresses.c.academy_id, dead_addresses.c.at, dead_addresses.c.user_id)
