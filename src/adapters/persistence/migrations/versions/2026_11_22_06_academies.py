"""academies, the walls between them, the audit log"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ports.academy import FIRST_ACADEMY

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WALLED = (
    "users",
    "verifications",
    "qaris",
    "calendars",
    "learners",
    "series",
    "bookings",
    "proposals",
    "policies",
    "payments",
    "refunds",
    "ledger_journals",
    "ledger_entries",
    "webhook_events",
    "deliveries",
    "calendar_feeds",
    "meetings",
    "meeting_clicks",
    "outbox_events",
    "outbox_tasks",
)
"""What can be named or listed. The rest hangs on one of these and is found by its key alone."""

NEWEST = {
    "users": ("ix_users_created_at_id", "created_at"),
    "bookings": ("ix_bookings_starts_at", "starts_at"),
    "payments": ("ix_payments_created_at_id", "created_at"),
    "webhook_events": ("ix_webhook_events_received_at_id", "received_at"),
    "deliveries": ("ix_deliveries_newest", "created_at"),
}
"""Lists over a whole school: its own rows lie together, however large the school next door is."""

APPEND_ONLY = """
CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only added to'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'audit_log_append_only';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "academies",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_academies"),
    )
    first = sa.text("INSERT INTO academies (id, name, created_at, version) VALUES (:id, '', now(), 1)")
    op.execute(first.bindparams(sa.bindparam("id", FIRST_ACADEMY, type_=sa.Uuid)))
    op.create_table(
        "academy_hosts",
        sa.Column("door", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("belongs_to", sa.Uuid, nullable=False),
        sa.Column("position", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("door", "host", name="pk_academy_hosts"),
        sa.ForeignKeyConstraint(["belongs_to"], ["academies.id"], name="fk_academy_hosts_belongs_to"),
    )
    op.create_index("ix_academy_hosts_belongs_to", "academy_hosts", ["belongs_to"])
    op.create_table(
        "audit_log",
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("role", sa.Text),
        sa.Column("audience", sa.Text),
        sa.Column("impersonator_id", sa.Uuid),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject_kind", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Text, nullable=False),
        sa.Column("before", postgresql.JSONB, nullable=False),
        sa.Column("after", postgresql.JSONB, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_log"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_audit_log_academy_id"),
    )
    op.create_index("ix_audit_log_newest", "audit_log", ["academy_id", "seq"])
    op.create_index("ix_audit_log_subject", "audit_log", ["subject_kind", "subject_id", "seq"])
    op.create_index("ix_audit_log_actor", "audit_log", ["actor_id", "seq"])
    op.create_table(
        "audit_head",
        sa.Column("one", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_audit_head"),
        sa.CheckConstraint("one = 1", name=op.f("ck_audit_head_one")),
    )
    op.execute("INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'))")
    op.execute(APPEND_ONLY)
    op.execute(
        "CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only()"
    )
    _build_walls()


def _build_walls() -> None:
    for table in WALLED:
        # A constant default is a note in the catalog: no row is written anew, however many there are.
        first = sa.text(f"'{FIRST_ACADEMY}'")
        op.add_column(table, sa.Column("academy_id", sa.Uuid, nullable=False, server_default=first))
        op.alter_column(table, "academy_id", server_default=None)
        op.create_foreign_key(f"fk_{table}_academy_id", table, "academies", ["academy_id"], ["id"])
    for table, (old, moment) in NEWEST.items():
        op.drop_index(old, table)
        op.create_index(f"ix_{table}_newest", table, ["academy_id", moment, "id"])
    op.drop_index("uq_users_email_lower", "users")
    op.create_index("uq_users_email_lower", "users", ["academy_id", sa.text("lower(email)")], unique=True)
    op.drop_constraint("pk_policies", "policies", type_="primary")
    op.create_primary_key("pk_policies", "policies", ["academy_id", "kind", "version"])
