"""Second factors, passkeys, identities at other providers, half-finished sign-ins. The app's secret is sealed."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

from adapters.persistence.metadata import academy_column, metadata, sealed_column

PASSKEY_UNIQUE: Final = "uq_passkeys_credential_id"
IDENTITY_UNIQUE: Final = "pk_linked_identities"

authenticators: Final = Table(
    "authenticators",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    academy_column(),
    sealed_column("sealed", nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("confirmed_at", DateTime(timezone=True)),
    Column("last_step", BigInteger, nullable=False),
)

recovery_codes: Final = Table(
    "recovery_codes",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("code_hash", LargeBinary, primary_key=True),
    academy_column(),
    Column("used_at", DateTime(timezone=True)),
)

passkeys: Final = Table(
    "passkeys",
    metadata,
    Column("id", Uuid, primary_key=True),
    academy_column(),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("credential_id", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("relying_party", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("transports", ARRAY(Text), nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True)),
    UniqueConstraint("academy_id", "credential_id", name=PASSKEY_UNIQUE),
    Index("ix_passkeys_user_id", "user_id"),
)

challenges: Final = Table(
    "challenges",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    academy_column(),
    Column("purpose", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    Column("proofs", ARRAY(Text), nullable=False),
    Column("enroll", Boolean, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_challenges_user_id", "user_id"),
    Index("ix_challenges_expires_at", "expires_at"),
)

linked_identities: Final = Table(
    "linked_identities",
    metadata,
    academy_column(),
    Column("provider", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("email", Text, nullable=False),
    Column("linked_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("academy_id", "provider", "subject", name=IDENTITY_UNIQUE),
    Index("ix_linked_identities_user_id", "user_id"),
)
