"""who looks for a Qari hears at once whose times have changed"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CHANGED = """
CREATE FUNCTION qari_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE concerned uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF TG_TABLE_NAME = 'qaris' THEN concerned := OLD.user_id; ELSE concerned := OLD.qari_id; END IF;
    ELSIF TG_TABLE_NAME = 'qaris' THEN concerned := NEW.user_id;
    ELSE concerned := NEW.qari_id;
    END IF;
    INSERT INTO qari_changes (qari_id) VALUES (concerned);
    RETURN NULL;
END $$
"""
# A calendar elsewhere is read anew as a whole: one note for each Qari is enough.
CHANGED_ELSEWHERE = """
CREATE FUNCTION qari_changed_elsewhere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO qari_changes (qari_id) SELECT DISTINCT qari_id FROM changed;
    RETURN NULL;
END $$
"""
WATCHED = (
    "qaris",
    "qari_offers",
    "calendars",
    "calendar_overrides",
    "time_off",
    "clearances",
)
TIMES = ("qari_id", "occupies", "starts_at", "busy_from", "busy_until")


# What a search compares with is worked out when a profile is written, not when it is looked for.
SEARCHED = """
CREATE FUNCTION qari_searched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.searched := searchable(NEW.name || ' ' || NEW.bio);
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.add_column("qaris", sa.Column("searched", sa.Text, nullable=False, server_default=""))
    op.execute(SEARCHED)
    op.execute(
        "CREATE TRIGGER qari_searched BEFORE INSERT OR UPDATE OF name, bio ON qaris "
        "FOR EACH ROW EXECUTE FUNCTION qari_searched()"
    )
    with op.get_context().autocommit_block():
        op.execute("UPDATE qaris SET searched = searchable(name || ' ' || bio)")
        op.execute("CREATE INDEX CONCURRENTLY ix_qaris_searched ON qaris USING gin (searched gin_trgm_ops)")
        op.execute("DROP INDEX CONCURRENTLY ix_qaris_searchable")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_webhook_events_waiting ON webhook_events (object_ref) "
            "WHERE status IN ('received', 'failed', 'processing')"
        )
    op.create_table(
        "qari_changes",
        sa.Column(
            "xid", sa.BigInteger, nullable=False, server_default=sa.text("((pg_current_xact_id())::text)::bigint")
        ),
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    )
    op.create_index("ix_qari_changes_xid", "qari_changes", ["xid"])
    op.execute(CHANGED)
    for table in WATCHED:
        op.execute(
            f"CREATE TRIGGER qari_changed AFTER INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION qari_changed()"
        )
    op.execute(CHANGED_ELSEWHERE)
    for happens, rows in {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}.items():
        op.execute(
            f"CREATE TRIGGER qari_changed_by_{happens.lower()} AFTER {happens} ON external_busy "
            f"REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION qari_changed_elsewhere()"
        )
    differs = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in TIMES)
    for happens, when in {
        "INSERT": "NEW.occupies",
        "UPDATE": f"(OLD.occupies OR NEW.occupies) AND ({differs})",
        "DELETE": "OLD.occupies",
    }.items():
        for table in ("bookings", "class_occurrences"):
            op.execute(
                f"CREATE TRIGGER qari_changed_by_{happens.lower()} AFTER {happens} ON {table} "
                f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION qari_changed()"
            )
