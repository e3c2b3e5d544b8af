"""Group classes. That a Qari or a learner is in one place at a time holds among classes and lessons alike.
(LIVE-13, BOOK-03)

Among a Qari's classes an exclusion constraint says so; between classes and lessons, and for learners, triggers do,
which ask the other tables while nobody else can take a time of that person (see migration 0018).
"""

from typing import Final

from sqlalchemy import (
    ARRAY,
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
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from adapters.persistence.metadata import academy_column, metadata

INSTANT: Final = DateTime(timezone=True)
CLASS_ALONE: Final = "ex_class_occurrences_qari"
LEARNERS_ALONE: Final = "ex_class_learners"

group_classes: Final = Table(
    "group_classes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("qari_id", Uuid, nullable=False),
    Column("title", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("first_date", Date, nullable=False),
    Column("wall", Time, nullable=False),
    Column("weekdays", ARRAY(SmallInteger), nullable=False),
    Column("weeks", SmallInteger, nullable=False),
    Column("minutes", SmallInteger, nullable=False),
    Column("capacity", SmallInteger, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("version", Integer, nullable=False),
    academy_column(),
)
Index("ix_group_classes_qari_id", group_classes.c.qari_id, group_classes.c.id)
Index("ix_group_classes_academy_id", group_classes.c.academy_id, group_classes.c.id)
Index("ix_group_classes_status", group_classes.c.status, postgresql_where=text("status IN ('open', 'running')"))

class_members: Final = Table(
    "class_members",
    metadata,
    Column("class_id", Uuid, ForeignKey("group_classes.id"), nullable=False),
    Column("learner_id", Uuid, nullable=False),
    Column("payer_id", Uuid, nullable=False),
    Column("added_by", Uuid, nullable=False),
    Column("added_at", INSTANT, nullable=False),
    academy_column(),
    PrimaryKeyConstraint("class_id", "learner_id"),
)
Index("ix_class_members_learner_id", class_members.c.learner_id)

class_occurrences: Final = Table(
    "class_occurrences",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("class_id", Uuid, ForeignKey("group_classes.id"), nullable=False),
    Column("qari_id", Uuid, nullable=False),
    Column("index", SmallInteger, nullable=False),
    Column("starts_at", INSTANT, nullable=False),
    Column("ends_at", INSTANT, nullable=False),
    Column("busy_from", INSTANT, nullable=False),
    Column("busy_until", INSTANT, nullable=False),
    Column("buffer_before_min", SmallInteger, nullable=False),
    Column("buffer_after_min", SmallInteger, nullable=False),
    Column("occupies", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("moved", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("version", Integer, nullable=False),
    academy_column(),
    CheckConstraint("starts_at < ends_at AND busy_from <= starts_at AND ends_at <= busy_until", name="times"),
    ExcludeConstraint(
        ("qari_id", "="),
        (text("tstzrange(busy_from, busy_until)"), "&&"),
        using="gist",
        where=text("occupies"),
        name=CLASS_ALONE,
    ),
)
Index("ix_class_occurrences_class_id", class_occurrences.c.class_id, class_occurrences.c.starts_at)
Index("ix_class_occurrences_qari_id_starts_at", class_occurrences.c.qari_id, class_occurrences.c.starts_at)
Index("ix_class_occurrences_starts_at", class_occurrences.c.starts_at, postgresql_where=text("occupies"))

class_attendance: Final = Table(
    "class_attendance",
    metadata,
    Column("occurrence_id", Uuid, ForeignKey("class_occurrences.id"), nullable=False),
    Column("learner_id", Uuid, nullable=False),
    Column("attendance", Text, nullable=False),
    Column("marked_by", Uuid, nullable=False),
    Column("at", INSTANT, nullable=False),
    academy_column(),
    PrimaryKeyConstraint("occurrence_id", "learner_id"),
)
Index("ix_class_attendance_learner_id", class_attendance.c.learner_id)
