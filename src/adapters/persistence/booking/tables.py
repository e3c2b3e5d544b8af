"""Lessons, series, proposals, policies. That nobody is in two lessons at once is kept here, by the database. (BOOK-03)

The guarded stretches are expressions over plain columns: ``busy_from``/``busy_until`` is the lesson with the Qari's
buffers. Only rows that ``occupies`` stand in each other's way.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Time,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint

from adapters.persistence.metadata import academy_column, metadata

INSTANT: Final = DateTime(timezone=True)
QARI_ALONE: Final = "ex_bookings_qari"
LEARNER_ALONE: Final = "ex_bookings_learner"
ONE_TRIAL: Final = "uq_bookings_trial"
ONE_PROPOSAL: Final = "uq_proposals_open"
WAITING_SQL: Final = "status IN ('requested', 'held', 'pending_payment')"
TRIAL_SQL: Final = "kind = 'trial' AND status NOT IN ('cancelled', 'expired', 'refunded')"

series = Table(
    "series",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("learner_id", Uuid, nullable=False),
    Column("payer_id", Uuid, nullable=False),
    Column("qari_id", Uuid, nullable=False),
    Column("zone", Text, nullable=False),
    Column("first_date", Date, nullable=False),
    Column("wall", Time, nullable=False),
    Column("minutes", SmallInteger, nullable=False),
    Column("count", SmallInteger, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("version", Integer, nullable=False),
    academy_column(),
)

bookings = Table(
    "bookings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("learner_id", Uuid, nullable=False),
    Column("payer_id", Uuid, nullable=False),
    Column("qari_id", Uuid, nullable=False),
    Column("starts_at", INSTANT, nullable=False),
    Column("ends_at", INSTANT, nullable=False),
    Column("busy_from", INSTANT, nullable=False),
    Column("busy_until", INSTANT, nullable=False),
    Column("buffer_before_min", SmallInteger, nullable=False),
    Column("buffer_after_min", SmallInteger, nullable=False),
    Column("occupies", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("hold_expires_at", INSTANT),
    Column("request_occupies", Boolean, nullable=False),
    Column("series_id", Uuid, ForeignKey(series.c.id)),
    Column("series_index", SmallInteger),
    Column("payment_id", Uuid),
    Column("late_payment_id", Uuid),
    Column("moves", SmallInteger, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("override_reason", Text, nullable=False, server_default=""),
    Column("guardian_present", Boolean),
    Column("created_at", INSTANT, nullable=False),
    Column("version", Integer, nullable=False),
    academy_column(),
    CheckConstraint("starts_at < ends_at AND busy_from <= starts_at AND ends_at <= busy_until", name="times"),
    CheckConstraint("price_minor >= 0", name="price"),
    ExcludeConstraint(
        ("qari_id", "="),
        (text("tstzrange(busy_from, busy_until)"), "&&"),
        using="gist",
        where=text("occupies"),
        name=QARI_ALONE,
    ),
    ExcludeConstraint(
        ("learner_id", "="),
        (text("tstzrange(starts_at, ends_at)"), "&&"),
        using="gist",
        where=text("occupies"),
        name=LEARNER_ALONE,
    ),
)
Index(ONE_TRIAL, bookings.c.learner_id, bookings.c.qari_id, unique=True, postgresql_where=text(TRIAL_SQL))
Index("ix_bookings_learner_id_starts_at", bookings.c.learner_id, bookings.c.starts_at, bookings.c.id)
Index("ix_bookings_payer_id_starts_at", bookings.c.payer_id, bookings.c.starts_at, bookings.c.id)
Index("ix_bookings_qari_id_starts_at", bookings.c.qari_id, bookings.c.starts_at, bookings.c.id)
Index("ix_bookings_newest", bookings.c.academy_id, bookings.c.starts_at, bookings.c.id)
Index("ix_bookings_status_starts_at", bookings.c.status, bookings.c.starts_at, bookings.c.id)
Index("ix_bookings_hold_expires_at", bookings.c.hold_expires_at, postgresql_where=text(WAITING_SQL))
Index(
    "ix_bookings_series_id",
    bookings.c.series_id,
    bookings.c.series_index,
    postgresql_where=bookings.c.series_id.is_not(None),
)
Index("ix_bookings_payment_id", bookings.c.payment_id, postgresql_where=bookings.c.payment_id.is_not(None))

proposals = Table(
    "proposals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("booking_id", Uuid, ForeignKey(bookings.c.id), nullable=False),
    Column("by", Text, nullable=False),
    Column("starts_at", INSTANT, nullable=False),
    Column("ends_at", INSTANT, nullable=False),
    Column("scope", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("answer_by", INSTANT, nullable=False),
    Column("version", Integer, nullable=False),
    academy_column(),
)
Index(ONE_PROPOSAL, proposals.c.booking_id, unique=True, postgresql_where=text("status = 'open'"))
Index("ix_proposals_answer_by", proposals.c.answer_by, postgresql_where=text("status = 'open'"))

policies = Table(
    "policies",
    metadata,
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False, autoincrement=False),
    Column("body", JSONB, nullable=False),
    Column("effective_from", INSTANT, nullable=False),
    Column("created_by", Uuid),
    Column("reason", Text, nullable=False, server_default=""),
    academy_column(),
    PrimaryKeyConstraint("academy_id", "kind", "version"),
)
