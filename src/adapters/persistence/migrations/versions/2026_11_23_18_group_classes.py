"""classes of several learners, each occurrence with a meeting of its own"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# A person's lessons share a lock that whoever takes his time for a class takes alone: each sees what the other has
# taken, and lessons do not wait for lessons. Each statement of such a function sees what was committed when the lock
# came. Members and times of a class meet at its row, so that a new time sees every member and a new member every time.
LESSON_BESIDE_CLASSES = """
CREATE FUNCTION lesson_beside_classes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE met text;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('times:' || NEW.qari_id, 0)),
            pg_advisory_xact_lock_shared(hashtextextended('times:' || NEW.learner_id, 0));
    SELECT 'ex_bookings_qari' INTO met FROM class_occurrences
      WHERE qari_id = NEW.qari_id AND occupies
        AND tstzrange(busy_from, busy_until) && tstzrange(NEW.busy_from, NEW.busy_until)
    UNION ALL
    SELECT 'ex_bookings_learner' FROM class_members JOIN class_occurrences USING (class_id)
      WHERE learner_id = NEW.learner_id AND occupies AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at
    LIMIT 1;
    IF met IS NULL THEN RETURN NEW; END IF;
    IF TG_OP = 'INSERT' THEN RETURN NULL; END IF;
    RAISE EXCEPTION 'there is a class at that time'
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = met;
END $$
"""
CLASS_BESIDE_LESSONS = """
CREATE FUNCTION class_beside_lessons() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE busy uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('times:' || NEW.qari_id, 0));
    PERFORM 1 FROM bookings
      WHERE qari_id = NEW.qari_id AND occupies
        AND tstzrange(busy_from, busy_until) && tstzrange(NEW.busy_from, NEW.busy_until);
    IF FOUND THEN
        RAISE EXCEPTION 'the Qari has a lesson at that time'
          USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'ex_class_occurrences_qari';
    END IF;
    PERFORM 1 FROM group_classes WHERE id = NEW.class_id FOR SHARE;
    PERFORM pg_advisory_xact_lock(hashtextextended('times:' || learner_id, 0))
      FROM (SELECT learner_id FROM class_members WHERE class_id = NEW.class_id ORDER BY learner_id) members;
    SELECT learner_id INTO busy FROM class_members members
      WHERE members.class_id = NEW.class_id AND (
        EXISTS (SELECT FROM bookings lessons
          WHERE lessons.learner_id = members.learner_id AND lessons.occupies
            AND tstzrange(lessons.starts_at, lessons.ends_at) && tstzrange(NEW.starts_at, NEW.ends_at))
        OR EXISTS (SELECT FROM class_members others JOIN class_occurrences times USING (class_id)
          WHERE others.learner_id = members.learner_id AND others.class_id <> NEW.class_id AND times.occupies
            AND times.starts_at < NEW.ends_at AND times.ends_at > NEW.starts_at))
      ORDER BY learner_id LIMIT 1;
    IF busy IS NULL THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'a learner of the class has something else at that time'
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'ex_class_learners', DETAIL = busy;
END $$
"""
MEMBER_BESIDE_LESSONS = """
CREATE FUNCTION member_beside_lessons() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM group_classes WHERE id = NEW.class_id FOR NO KEY UPDATE;
    PERFORM pg_advisory_xact_lock(hashtextextended('times:' || NEW.learner_id, 0));
    PERFORM 1 FROM class_occurrences mine
      WHERE mine.class_id = NEW.class_id AND mine.occupies AND mine.ends_at > NEW.added_at AND (
        EXISTS (SELECT FROM bookings lessons
          WHERE lessons.learner_id = NEW.learner_id AND lessons.occupies
            AND tstzrange(lessons.starts_at, lessons.ends_at) && tstzrange(mine.starts_at, mine.ends_at))
        OR EXISTS (SELECT FROM class_members others JOIN class_occurrences times USING (class_id)
          WHERE others.learner_id = NEW.learner_id AND others.class_id <> NEW.class_id AND times.occupies
            AND times.starts_at < mine.ends_at AND times.ends_at > mine.starts_at));
    IF NOT FOUND THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'the learner has something else at that time'
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'ex_class_learners', DETAIL = NEW.learner_id;
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
    op.execute(MEMBER_BESIDE_LESSONS)
    op.execute(
        "CREATE TRIGGER member_beside_lessons BEFORE INSERT ON class_members "
        "FOR EACH ROW EXECUTE FUNCTION member_beside_lessons()"
    )


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
