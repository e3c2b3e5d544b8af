"""academies, the walls between them, the audit log"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ports.academy import FIRST_ACADEMY

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "academies",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_academies"),
    )
    first = sa.text("INSERT INTO academies (id, name, created_at) VALUES (:id, '', now())")
    op.execute(first.bindparams(sa.bindparam("id", FIRST_ACADEMY, type_=sa.Uuid)))
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
