"""Accounts, roles, sessions and mailed links. Tokens and passwords are here as hashes alone."""

from typing import Final

from sqlalchemy import (
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.persistence.metadata import academy_column, metadata

EMAIL_UNIQUE: Final = "uq_users_email_lower"

users: Final = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("phone", Text),
    Column("country", Text, nullable=False, server_default=""),
    Column("birth_date", Date),
    Column("status", Text, nullable=False),
    # out of use since it is kept for each role; dropped by a later release
    Column("onboarding", Text, nullable=False),
    Column("email_verified_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    academy_column(),
)
Index(EMAIL_UNIQUE, users.c.academy_id, func.lower(users.c.email), unique=True)
Index("ix_users_name_trgm", users.c.name, postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"})
Index(
    "ix_users_searchable",
    func.searchable(users.c.name).label("searchable"),
    postgresql_using="gin",
    postgresql_ops={"searchable": "gin_trgm_ops"},
)
Index("ix_users_email_trgm", users.c.email, postgresql_using="gin", postgresql_ops={"email": "gin_trgm_ops"})
Index("ix_users_newest", users.c.academy_id, users.c.created_at, users.c.id)
Index("ix_users_verified", users.c.academy_id, users.c.email_verified_at)
Index("ix_users_birth_date", users.c.birth_date, postgresql_where=users.c.birth_date.is_not(None))

user_roles: Final = Table(
    "user_roles",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("onboarding", Text, nullable=False, server_default="not_needed"),
    Index("ix_user_roles_role", "role"),
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    academy_column(),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("audience", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("factors", ARRAY(Text), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_seen_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_because", Text),
    Column("impersonator_id", Uuid, ForeignKey("users.id")),
    Index("ix_sessions_user_id", "user_id"),
    Index("ix_sessions_expires_at", "expires_at"),
    Index("ix_sessions_impersonator_id", "impersonator_id", postgresql_where=text("impersonator_id IS NOT NULL")),
)

session_tokens: Final = Table(
    "session_tokens",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("session_id", Uuid, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("rotated_at", DateTime(timezone=True)),
    Index("ix_session_tokens_session_id", "session_id"),
    Index("ix_session_tokens_expires_at", "expires_at"),
)

verifications: Final = Table(
    "verifications",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("address", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    academy_column(),
    Index("ix_verifications_user_id", "user_id"),
)

_held = user_roles.alias("held")
roles_of_user: Final = func.array(
    select(_held.c.role).where(_held.c.user_id == users.c.id).order_by(_held.c.role).correlate(users).scalar_subquery()
).label("roles")
"""All roles of the account at hand, as one array, in any statement that reads ``users``."""
onboarding_of_user: Final = func.array(
    select(_held.c.onboarding)
    .where(_held.c.user_id == users.c.id)
    .order_by(_held.c.role)
    .correlate(users)
    .scalar_subquery()
).label("onboarding_of_roles")
"""How far each of those roles is, in the same order."""
