"""messages, calendar feeds, live classes, scheduled jobs, the outbox, kept answers"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("recipient_id", sa.Uuid),
        sa.Column("event", postgresql.JSONB, nullable=False),
        sa.Column("booking_id", sa.Uuid),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True)),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("key", name="uq_deliveries_key"),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["due_at"], postgresql_where=sa.text("status = 'queued'"))
    op.create_index("ix_deliveries_booking_id", "deliveries", ["booking_id"])
    op.create_index("ix_deliveries_newest", "deliveries", ["created_at", "id"])
    op.create_table(
        "calendar_feeds",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("token_hash", name="pk_calendar_feeds"),
    )
    op.create_index(
        "uq_calendar_feeds_live",
        "calendar_feeds",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "meetings",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("booking_id", sa.Uuid, nullable=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("sealed_room", sa.LargeBinary),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_meetings"),
        sa.UniqueConstraint("booking_id", name="uq_meetings_booking_id"),
    )
    op.create_table(
        "meeting_clicks",
        sa.Column("booking_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_meeting_clicks_booking_id_at", "meeting_clicks", ["booking_id", "at"])
    op.create_table(
        "jobs",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("tick", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker", sa.String, nullable=False),
        sa.Column("running_until", sa.DateTime(timezone=True)),
        sa.Column("last_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_finished_at", sa.DateTime(timezone=True)),
        sa.Column("last_ok_at", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.String, nullable=False),
        sa.Column("last_count", sa.Integer, nullable=False),
        sa.Column("failures_in_a_row", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_jobs"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("body", sa.LargeBinary),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table(
        "outbox_events",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("payload", postgresql.JSONB, nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_events"),
    )
    op.create_table(
        "outbox_tasks",
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("subscriber", sa.Text, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("dead_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("event_id", "subscriber", name="pk_outbox_tasks"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["outbox_events.id"], name="fk_outbox_tasks_event_id", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_outbox_tasks_due",
        "outbox_tasks",
        ["due_at", "event_id"],
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_tasks_dead", "outbox_tasks", ["dead_at"], postgresql_where=sa.text("dead_at IS NOT NULL")
    )
