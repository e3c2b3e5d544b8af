"""Qaris, what they offer, and when. Wall times are minutes from midnight; only time off is kept as instants.

Rules and overrides are read and written whole with their calendar and never searched by their content, so they are
JSON: ``[[weekday, start_min, end_min], …]`` and ``[[start_min, end_min], …]``.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP

from adapters.persistence import searchable as searchable
from adapters.persistence.metadata import academy_column, metadata

qaris: Final = Table(
    "qaris",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("gender", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("languages", ARRAY(Text), nullable=False),
    Column("riwayat", ARRAY(Text), nullable=False),
    Column("subjects", ARRAY(Text), nullable=False, server_default="{}"),
    Column("levels", ARRAY(Text), nullable=False, server_default="{}"),
    Column("teaches_genders", ARRAY(Text), nullable=False),
    Column("bio", Text, nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("booking_mode", Text, nullable=False),
    Column("request_holds_slot", Boolean, nullable=False),
    academy_column(),
    # Kept by a trigger: comparing a description is dear, and it is looked for more often than it changes.
    Column("searched", Text, nullable=False, server_default=""),
    CheckConstraint("gender IN ('male', 'female')", name="gender"),
    CheckConstraint("booking_mode IN ('instant', 'request')", name="booking_mode"),
)

Index("ix_qaris_searched", qaris.c.searched, postgresql_using="gin", postgresql_ops={"searched": "gin_trgm_ops"})
PROFILE: Final = tuple(column for column in qaris.c if column.name != "searched")
"""What a profile is made of."""

qari_offers: Final = Table(
    "qari_offers",
    metadata,
    Column("qari_id", Uuid, ForeignKey("qaris.user_id", ondelete="CASCADE"), primary_key=True),
    Column("minutes", SmallInteger, primary_key=True, autoincrement=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("trial_minor", BigInteger),
    Column("currency", Text, nullable=False),
    CheckConstraint("minutes > 0 AND price_minor >= 0 AND trial_minor >= 0", name="amounts"),
)

calendars: Final = Table(
    "calendars",
    metadata,
    Column("qari_id", Uuid, ForeignKey("qaris.user_id", ondelete="CASCADE"), primary_key=True),
    Column("rules", JSONB, nullable=False),
    Column("buffer_before_min", SmallInteger, nullable=False),
    Column("buffer_after_min", SmallInteger, nullable=False),
    Column("min_notice_min", Integer, nullable=False),
    Column("horizon_days", SmallInteger, nullable=False),
    Column("daily_cap", SmallInteger),
    Column("weekly_cap", SmallInteger),
    Column("step_min", SmallInteger, nullable=False),
    academy_column(),
)

calendar_overrides: Final = Table(
    "calendar_overrides",
    metadata,
    Column("qari_id", Uuid, ForeignKey("calendars.qari_id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("hours", JSONB, nullable=False),
)

time_off: Final = Table(
    "time_off",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("qari_id", Uuid, ForeignKey("calendars.qari_id", ondelete="CASCADE"), nullable=False),
    Column("starts_at", TIMESTAMP(timezone=True), nullable=False),
    Column("ends_at", TIMESTAMP(timezone=True), nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint("starts_at < ends_at", name="length"),
    Index("ix_time_off_qari_id_ends_at", "qari_id", "ends_at"),
)

learners: Final = Table(
    "learners",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("gender", Text),
    Column("qari_gender", Text),
    Column("languages", ARRAY(Text), nullable=False, server_default="{}"),
    academy_column(),
    CheckConstraint("gender IN ('male', 'female')", name="gender"),
)

qari_changes: Final = Table(
    "qari_changes",
    metadata,
    Column("xid", BigInteger, nullable=False, server_default=text("((pg_current_xact_id())::text)::bigint")),
    Column("qari_id", Uuid, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_qari_changes_xid", "xid"),
)
"""Who has to be looked at anew by those who remember when a Qari is free: written by triggers, within the transaction
that changes his profile, his hours or his lessons. See ``soonest``.
"""
