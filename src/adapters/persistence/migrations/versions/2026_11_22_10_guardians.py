"""guardians, consents, clearance"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("users", "email", nullable=True)
    op.add_column("users", sa.Column("birth_date", sa.Date))
    op.create_index("ix_users_birth_date", "users", ["birth_date"], postgresql_where=sa.text("birth_date IS NOT NULL"))
    op.add_column("learners", sa.Column("qari_gender", sa.Text))
    op.add_column(
        "learners", sa.Column("languages", postgresql.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'"))
    )
    op.add_column("bookings", sa.Column("override_reason", sa.Text, nullable=False, server_default=""))
    op.add_column("bookings", sa.Column("guardian_present", sa.Boolean))
    op.create_table(
        "guardianships",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("guardian_id", sa.Uuid, nullable=False),
        sa.Column("child_id", sa.Uuid, nullable=False),
        sa.Column("rights", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("of_record", sa.Boolean, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_by", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_guardianships"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_guardianships_academy_id"),
        sa.ForeignKeyConstraint(["guardian_id"], ["users.id"], name="fk_guardianships_guardian_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["child_id"], ["users.id"], name="fk_guardianships_child_id", ondelete="CASCADE"),
    )
    op.create_index("ix_guardianships_guardian_id", "guardianships", ["guardian_id"])
    op.create_index("ix_guardianships_child_id", "guardianships", ["child_id"])
    op.create_index(
        "uq_guardianships_open",
        "guardianships",
        ["guardian_id", "child_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('pending', 'active')"),
    )
    op.create_table(
        "clearances",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("expires_on", sa.Date),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("recorded_by", sa.Uuid, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clearances"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_clearances_academy_id"),
        sa.ForeignKeyConstraint(["qari_id"], ["qaris.user_id"], name="fk_clearances_qari_id", ondelete="CASCADE"),
    )
    op.create_index("ix_clearances_qari_id", "clearances", ["qari_id"])
    op.create_table(
        "consents",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("child_id", sa.Uuid),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_consents_academy_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_consents_user_id", ondelete="CASCADE"),
    )
    op.create_index(
        "uq_consents_said",
        "consents",
        ["academy_id", "user_id", "child_id", "kind", "version"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_consents_user_id", "consents", ["user_id"])
