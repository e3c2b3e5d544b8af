"""message preferences, notes on the pages, the letters of the first weeks"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("gathered", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("deliveries", sa.Column("read_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_deliveries_notes",
        "deliveries",
        ["recipient_id", "created_at", "id"],
        postgresql_where=sa.text("channel = 'in_app'"),
    )
    op.create_index("ix_deliveries_dead", "deliveries", ["created_at"], postgresql_where=sa.text("status = 'dead'"))
    op.create_index("ix_users_verified", "users", ["academy_id", "email_verified_at"])
    op.create_table(
        "message_preferences",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("quiet_from", sa.Time),
        sa.Column("quiet_until", sa.Time, nullable=False),
        sa.Column("digest_at", sa.Time),
        sa.Column("muted", postgresql.ARRAY(sa.Text), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_message_preferences"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_message_preferences_user_id", ondelete="CASCADE"),
    )
    op.create_table(
        "sequence_steps",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "step", name="pk_sequence_steps"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sequence_steps_user_id", ondelete="CASCADE"),
    )
