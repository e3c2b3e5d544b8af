"""Lessons, series, proposals, policies"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("learner_id", sa.Uuid, nullable=False),
        sa.Column("payer_id", sa.Uuid, nullable=False),
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("first_date", sa.Date, nullable=False),
        sa.Column("wall", sa.Time, nullable=False),
        sa.Column("minutes", sa.SmallInteger, nullable=False),
        sa.Column("count", sa.SmallInteger, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
    )
    _create_bookings()
    op.create_table(
        "proposals",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("booking_id", sa.Uuid, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("answer_by", INSTANT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name="fk_proposals_booking_id"),
    )
    is_open = sa.text("status = 'open'")
    op.create_index("uq_proposals_open", "proposals", ["booking_id"], unique=True, postgresql_where=is_open)
    op.create_index("ix_proposals_answer_by", "proposals", ["answer_by"], postgresql_where=is_open)
    op.create_table(
        "policies",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("body", postgresql.JSONB, nullable=False),
        sa.Column("effective_from", INSTANT, nullable=False),
        sa.Column("created_by", sa.Uuid),
        sa.PrimaryKeyConstraint("kind", "version", name="pk_policies"),
    )


def _create_bookings() -> None:
    op.create_table(
        "bookings",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("learner_id", sa.Uuid, nullable=False),
        sa.Column("payer_id", sa.Uuid, nullable=False),
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("busy_from", INSTANT, nullable=False),
        sa.Column("busy_until", INSTANT, nullable=False),
        sa.Column("buffer_before_min", sa.SmallInteger, nullable=False),
        sa.Column("buffer_after_min", sa.SmallInteger, nullable=False),
        sa.Column("occupies", sa.Boolean, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("policy_version", sa.Integer, nullable=False),
        sa.Column("hold_expires_at", INSTANT),
        sa.Column("request_occupies", sa.Boolean, nullable=False),
        sa.Column("series_id", sa.Uuid),
        sa.Column("series_index", sa.SmallInteger),
        sa.Column("payment_id", sa.Uuid),
        sa.Column("late_payment_id", sa.Uuid),
        sa.Column("moves", sa.SmallInteger, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bookings"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_bookings_series_id"),
        sa.CheckConstraint(
            "starts_at < ends_at AND busy_from <= starts_at AND ends_at <= busy_until", name=op.f("ck_bookings_times")
        ),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_bookings_price")),
        postgresql.ExcludeConstraint(
            ("qari_id", "="),
            (sa.text("tstzrange(busy_from, busy_until)"), "&&"),
            using="gist",
            where=sa.text("occupies"),
            name="ex_bookings_qari",
        ),
        postgresql.ExcludeConstraint(
            ("learner_id", "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            using="gist",
            where=sa.text("occupies"),
            name="ex_bookings_learner",
        ),
    )
    op.create_index(
        "uq_bookings_trial",
        "bookings",
        ["learner_id", "qari_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'trial' AND status NOT IN ('cancelled', 'expired', 'refunded')"),
    )
    for first in ("learner_id", "payer_id", "qari_id", "status"):
        op.create_index(f"ix_bookings_{first}_starts_at", "bookings", [first, "starts_at", "id"])
    op.create_index("ix_bookings_starts_at", "bookings", ["starts_at", "id"])
    op.create_index(
        "ix_bookings_hold_expires_at",
        "bookings",
        ["hold_expires_at"],
        postgresql_where=sa.text("status IN ('requested', 'held', 'pending_payment')"),
    )
    op.create_index(
        "ix_bookings_series_id",
        "bookings",
        ["series_id", "series_index"],
        postgresql_where=sa.text("series_id IS NOT NULL"),
    )
    op.create_index(
        "ix_bookings_payment_id", "bookings", ["payment_id"], postgresql_where=sa.text("payment_id IS NOT NULL")
    )
