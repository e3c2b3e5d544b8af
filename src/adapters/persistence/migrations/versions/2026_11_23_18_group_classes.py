"""classes of several learners, each occurrence with a meeting of its own"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# A Qari's lessons share a lock that whoever plans his classes takes alone: each sees what the other has taken, and
# lessons do not wait for lessons. Each statement of such a function sees what was committed when the lock came.
LESSON_BESIDE_CLASSES = """
CREATE FUNCTION lesson_beside_classes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('times:' || NEW.qari_id, 0));
    PERFORM 1 FROM class_occurrences
      WHERE qari_id = NEW.qari_id AND occupies
        AND tstzrange(busy_from, busy_until) && tstzrange(NEW.busy_from, NEW.busy_until);
    IF NOT FOUND THEN RETURN NEW; END IF;
    IF TG_OP = 'INSERT' THEN RETURN NULL; END IF;
    RAISE EXCEPTION 'the Qari teaches a class at that time'
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'ex_bookings_qari';
END $$
"""
CLASS_BESIDE_LESSONS = """
CREATE FUNCTION class_beside_lessons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('times:' || NEW.qari_id, 0));
    PERFORM 1 FROM bookings
      WHERE qari_id = NEW.qari_id AND occupies
        AND tstzrange(busy_from, busy_until) && tstzrange(NEW.busy_from, NEW.busy_until);
    IF NOT FOUND THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'the Qari has a lesson at that time'
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'ex_class_occurrences_qari';
END $$
"""
TIMES = ("qari_id", "busy_from", "busy_until")


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "group_classes",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("first_date", sa.Date, nullable=False),
        sa.Column("wall", sa.Time, nullable=False),
        sa.Column("weekdays", sa.ARRAY(sa.SmallInteger), nullable=False),
        sa.Column("weeks", sa.SmallInteger, nullable=False),
        sa.Column("minutes", sa.SmallInteger, nullable=False),
        sa.Column("capacity", sa.SmallInteger, nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_group_classes"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_group_classes_academy_id"),
    )
    op.create_index("ix_group_classes_qari_id", "group_classes", ["qari_id", "id"])
    op.create_index("ix_group_classes_academy_id", "group_classes", ["academy_id", "id"])
    op.create_index(
        "ix_group_classes_status",
        "group_classes",
        ["status"],
        postgresql_where=sa.text("status IN ('open', 'running')"),
    )
    op.create_table(
        "class_members",
        sa.Column("class_id", sa.Uuid, nullable=False),
        sa.Column("learner_id", sa.Uuid, nullable=False),
        sa.Column("payer_id", sa.Uuid, nullable=False),
        sa.Column("added_by", sa.Uuid, nullable=False),
        sa.Column("added_at", instant, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("class_id", "learner_id", name="pk_class_members"),
        sa.ForeignKeyConstraint(["class_id"], ["group_classes.id"], name="fk_class_members_class_id"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_class_members_academy_id"),
    )
    op.create_index("ix_class_members_learner_id", "class_members", ["learner_id"])
    op.create_table(
        "class_occurrences",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("class_id", sa.Uuid, nullable=False),
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("index", sa.SmallInteger, nullable=False),
        sa.Column("starts_at", instant, nullable=False),
        sa.Column("ends_at", instant, nullable=False),
        sa.Column("busy_from", instant, nullable=False),
        sa.Column("busy_until", instant, nullable=False),
        sa.Column("buffer_before_min", sa.SmallInteger, nullable=False),
        sa.Column("buffer_after_min", sa.SmallInteger, nullable=False),
        sa.Column("occupies", sa.Boolean, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("moved", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_class_occurrences"),
        sa.ForeignKeyConstraint(["class_id"], ["group_classes.id"], name="fk_class_occurrences_class_id"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_class_occurrences_academy_id"),
        sa.CheckConstraint(
            "starts_at < ends_at AND busy_from <= starts_at AND ends_at <= busy_until",
            name=op.f("ck_class_occurrences_times"),
        ),
        postgresql.ExcludeConstraint(
            (sa.column("qari_id"), "="),
            (sa.text("tstzrange(busy_from, busy_until)"), "&&"),
            using="gist",
            where=sa.text("occupies"),
            name="ex_class_occurrences_qari",
        ),
    )
    op.create_index("ix_class_occurrences_class_id", "class_occurrences", ["class_id", "starts_at"])
    op.create_index("ix_class_occurrences_qari_id_starts_at", "class_occurrences", ["qari_id", "starts_at"])
    op.create_index(
        "ix_class_occurrences_starts_at", "class_occurrences", ["starts_at"], postgresql_where=sa.text("occupies")
    )
    op.create_table(
        "class_attendance",
        sa.Column("occurrence_id", sa.Uuid, nullable=False),
        sa.Column("learner_id", sa.Uuid, nullable=False),
        sa.Column("attendance", sa.Text, nullable=False),
        sa.Column("marked_by", sa.Uuid, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("occurrence_id", "learner_id", name="pk_class_attendance"),
        sa.ForeignKeyConstraint(["occurrence_id"], ["class_occurrences.id"], name="fk_class_attendance_occurrence_id"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_class_attendance_academy_id"),
    )
    op.create_index("ix_class_attendance_learner_id", "class_attendance", ["learner_id"])
    _keep_apart("bookings", "lesson_beside_classes", LESSON_BESIDE_CLASSES)
    _keep_apart("class_occurrences", "class_beside_lessons", CLASS_BESIDE_LESSONS)


def _keep_apart(table: str, name: str, function: str) -> None:
    op.execute(function)
    op.execute(
        f"CREATE TRIGGER {name}_at_first BEFORE INSERT ON {table} "
        f"FOR EACH ROW WHEN (NEW.occupies) EXECUTE FUNCTION {name}()"
    )
    differs = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in TIMES)
    op.execute(
        f"CREATE TRIGGER {name}_later BEFORE UPDATE ON {table} "
        f"FOR EACH ROW WHEN (NEW.occupies AND (NOT OLD.occupies OR {differs})) EXECUTE FUNCTION {name}()"
    )
