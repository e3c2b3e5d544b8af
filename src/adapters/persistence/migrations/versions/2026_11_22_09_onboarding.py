"""applications, documents, placement"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("user_roles", sa.Column("onboarding", sa.Text, nullable=False, server_default="not_needed"))
    op.execute(
        "UPDATE user_roles SET onboarding = users.onboarding FROM users"
        " WHERE users.id = user_roles.user_id AND user_roles.role = 'qari'"
    )
    op.alter_column("users", "onboarding", server_default="not_needed")
    _applications()
    _editions()
    _documents()
    _placements()
    _trials()


def _walls(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name=f"fk_{table}_academy_id")


def _whose(table: str, column: str = "user_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["users.id"], name=f"fk_{table}_{column}", ondelete="CASCADE")


def _of_application(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["application_id"], ["applications.id"], name=f"fk_{table}_application_id", ondelete="CASCADE"
    )


def _applications() -> None:
    op.create_table(
        "applications",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("form", postgresql.JSONB, nullable=False),
        sa.Column("id_country", sa.Text),
        sa.Column("id_tail", sa.Text),
        sa.Column("id_sealed", sa.LargeBinary),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("submitted_at", INSTANT),
        sa.Column("owner_id", sa.Uuid),
        sa.Column("claimed_at", INSTANT),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_applications"),
        sa.UniqueConstraint("user_id", "role", name="uq_applications_user_id_role"),
        _walls("applications"),
        _whose("applications"),
    )
    op.create_index(
        "ix_applications_waiting",
        "applications",
        ["academy_id", "submitted_at", "id"],
        postgresql_where=sa.text("status = 'submitted'"),
    )
    op.create_index("ix_applications_newest", "applications", ["academy_id", "updated_at", "id"])


def _editions() -> None:
    op.create_table(
        "application_editions",
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("edition", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("form", postgresql.JSONB, nullable=False),
        sa.Column("id_country", sa.Text),
        sa.Column("id_tail", sa.Text),
        sa.Column("id_sealed", sa.LargeBinary),
        sa.Column("document_ids", postgresql.ARRAY(sa.Uuid), nullable=False),
        sa.Column("submitted_at", INSTANT, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("application_id", "edition", name="pk_application_editions"),
        _of_application("application_editions"),
        _walls("application_editions"),
    )


def _documents() -> None:
    op.create_table(
        "application_documents",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("application_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("uploaded_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_application_documents"),
        _walls("application_documents"),
        _of_application("application_documents"),
        _whose("application_documents"),
    )
    op.create_index("ix_application_documents_application_id", "application_documents", ["application_id"])


def _placements() -> None:
    op.create_table(
        "placements",
        sa.Column("learner_id", sa.Uuid, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("goals", postgresql.JSONB, nullable=False),
        sa.Column("memorized", postgresql.JSONB, nullable=False),
        sa.Column("birth_date", sa.Date, nullable=False),
        sa.Column("match", postgresql.JSONB, nullable=False),
        sa.Column("placed_at", INSTANT, nullable=False),
        sa.Column("heard_by", sa.Uuid),
        sa.PrimaryKeyConstraint("learner_id", name="pk_placements"),
        _whose("placements", "learner_id"),
        _walls("placements"),
    )


def _trials() -> None:
    op.create_table(
        "trials",
        sa.Column("booking_id", sa.Uuid, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("learner_id", sa.Uuid, nullable=False),
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("level", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("judged_at", INSTANT, nullable=False),
        sa.Column("series_id", sa.Uuid),
        sa.PrimaryKeyConstraint("booking_id", name="pk_trials"),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name="fk_trials_booking_id", ondelete="CASCADE"),
        _walls("trials"),
    )
    op.create_index("ix_trials_learner_id", "trials", ["learner_id"])
