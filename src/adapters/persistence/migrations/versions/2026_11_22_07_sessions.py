"""session families, throttles, invitations"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _sessions()
    _accounts()


def _sessions() -> None:
    """A session is a device with many tokens now. The one token that each had is of no use any more: everybody
    signs in once again.
    """
    instant = sa.DateTime(timezone=True)
    op.drop_table("sessions")
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("factors", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("last_seen_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("ended_at", instant),
        sa.Column("ended_because", sa.Text),
        sa.Column("impersonator_id", sa.Uuid),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_sessions_academy_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["impersonator_id"], ["users.id"], name="fk_sessions_impersonator_id"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    impersonated = sa.text("impersonator_id IS NOT NULL")
    op.create_index("ix_sessions_impersonator_id", "sessions", ["impersonator_id"], postgresql_where=impersonated)
    op.create_table(
        "session_tokens",
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("rotated_at", instant),
        sa.PrimaryKeyConstraint("hash", name="pk_session_tokens"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_session_tokens_session_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_session_tokens_session_id", "session_tokens", ["session_id"])
    op.create_index("ix_session_tokens_expires_at", "session_tokens", ["expires_at"])


def _accounts() -> None:
    """Links that carry an address, copies of personal data, erasures, people of another system."""
    instant = sa.DateTime(timezone=True)
    op.add_column("verifications", sa.Column("address", sa.Text))
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("requested_by", sa.Uuid, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("expires_at", instant),
        sa.Column("archive", sa.LargeBinary),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_exports_academy_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_exports_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_exports_user_id_created_at", "exports", ["user_id", "created_at"])
    requested = sa.text("status = 'requested'")
    op.create_index("uq_exports_waiting", "exports", ["user_id"], unique=True, postgresql_where=requested)
    op.create_index("ix_exports_expires_at", "exports", ["expires_at"], postgresql_where=sa.text("status = 'ready'"))
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("requested_by", sa.Uuid, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("settled_at", instant),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_erasures_academy_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_erasures_user_id"),
    )
    scheduled = sa.text("status = 'scheduled'")
    op.create_index("uq_erasures_scheduled", "erasures", ["user_id"], unique=True, postgresql_where=scheduled)
    op.create_index("ix_erasures_due_at", "erasures", ["due_at"], postgresql_where=scheduled)
    op.create_table(
        "external_users",
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("told_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("academy_id", "subject", name="pk_external_users"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_external_users_academy_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_external_users_user_id"),
    )
    op.create_index("ix_external_users_user_id", "external_users", ["user_id"])
    op.create_table(
        "identity_notices",
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("received_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("academy_id", "event_id", name="pk_identity_notices"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_identity_notices_academy_id"),
    )
    op.create_index("ix_identity_notices_received_at", "identity_notices", ["received_at"])
