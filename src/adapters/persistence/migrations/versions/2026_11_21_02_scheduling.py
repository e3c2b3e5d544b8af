"""Qaris, their offers and calendars"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "qaris",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("gender", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("riwayat", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("teaches_genders", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("bio", sa.Text, nullable=False),
        sa.Column("approved", sa.Boolean, nullable=False),
        sa.Column("booking_mode", sa.Text, nullable=False),
        sa.Column("request_holds_slot", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_qaris"),
        sa.CheckConstraint("gender IN ('male', 'female')", name=op.f("ck_qaris_gender")),
        sa.CheckConstraint("booking_mode IN ('instant', 'request')", name=op.f("ck_qaris_booking_mode")),
    )
    op.create_table(
        "qari_offers",
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("minutes", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("trial_minor", sa.BigInteger),
        sa.Column("currency", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("qari_id", "minutes", name="pk_qari_offers"),
        sa.ForeignKeyConstraint(["qari_id"], ["qaris.user_id"], name="fk_qari_offers_qari_id", ondelete="CASCADE"),
        sa.CheckConstraint(
            "minutes > 0 AND price_minor >= 0 AND trial_minor >= 0", name=op.f("ck_qari_offers_amounts")
        ),
    )
    op.create_table(
        "calendars",
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("rules", postgresql.JSONB, nullable=False),
        sa.Column("buffer_before_min", sa.SmallInteger, nullable=False),
        sa.Column("buffer_after_min", sa.SmallInteger, nullable=False),
        sa.Column("min_notice_min", sa.Integer, nullable=False),
        sa.Column("horizon_days", sa.SmallInteger, nullable=False),
        sa.Column("daily_cap", sa.SmallInteger),
        sa.Column("weekly_cap", sa.SmallInteger),
        sa.Column("step_min", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("qari_id", name="pk_calendars"),
        sa.ForeignKeyConstraint(["qari_id"], ["qaris.user_id"], name="fk_calendars_qari_id", ondelete="CASCADE"),
    )
    op.create_table(
        "calendar_overrides",
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("hours", postgresql.JSONB, nullable=False),
        sa.PrimaryKeyConstraint("qari_id", "day", name="pk_calendar_overrides"),
        sa.ForeignKeyConstraint(
            ["qari_id"], ["calendars.qari_id"], name="fk_calendar_overrides_qari_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "time_off",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_time_off"),
        sa.ForeignKeyConstraint(["qari_id"], ["calendars.qari_id"], name="fk_time_off_qari_id", ondelete="CASCADE"),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_time_off_length")),
    )
    op.create_index("ix_time_off_qari_id_ends_at", "time_off", ["qari_id", "ends_at"])
    op.create_table(
        "learners",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("gender", sa.Text),
        sa.PrimaryKeyConstraint("user_id", name="pk_learners"),
        sa.CheckConstraint("gender IN ('male', 'female')", name=op.f("ck_learners_gender")),
    )
