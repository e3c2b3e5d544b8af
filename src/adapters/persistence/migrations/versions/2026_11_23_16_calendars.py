"""other calendars that Qaris keep, and when they are busy there"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_connections",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("strict", sa.Boolean, nullable=False),
        sa.Column("cursor", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("whole_until", sa.DateTime(timezone=True)),
        sa.Column("last_read_at", sa.DateTime(timezone=True)),
        sa.Column("refusals", sa.SmallInteger, nullable=False),
        sa.Column("failures", sa.SmallInteger, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_connections"),
        sa.ForeignKeyConstraint(
            ["qari_id"], ["qaris.user_id"], name="fk_calendar_connections_qari_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_calendar_connections_academy_id"),
        sa.CheckConstraint("status IN ('connected', 'lost', 'removed')", name=op.f("ck_calendar_connections_status")),
    )
    op.create_index("ix_calendar_connections_qari_id", "calendar_connections", ["qari_id"])
    op.create_index(
        "ix_calendar_connections_next_read_at",
        "calendar_connections",
        ["next_read_at"],
        postgresql_where=sa.text("status = 'connected'"),
    )
    op.create_index(
        "ix_calendar_connections_told_at",
        "calendar_connections",
        ["academy_id", "told_at", "id"],
        postgresql_where=sa.text("told_at IS NOT NULL AND status <> 'removed'"),
    )
    op.create_table(
        "external_busy",
        sa.Column("connection_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blind", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "key", name="pk_external_busy"),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["calendar_connections.id"], name="fk_external_busy_connection_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_external_busy_length")),
    )
    op.create_index("ix_external_busy_qari_id_ends_at", "external_busy", ["qari_id", "ends_at"])
