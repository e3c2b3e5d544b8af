"""providers of live classes, their hosts, who is told of a fallback"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ExcludeConstraint

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _at(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _academy(table: str) -> tuple["sa.Column[object]", sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name=f"fk_{table}_academy_id")
    return sa.Column("academy_id", sa.Uuid, nullable=False), key


def upgrade() -> None:
    op.add_column("meetings", sa.Column("host_id", sa.Uuid))
    op.add_column("meetings", _at("starts_at", nullable=True))
    op.add_column("meetings", _at("ends_at", nullable=True))
    op.add_column("meetings", _at("claimed_until", nullable=True))
    op.add_column("meetings", sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
    op.add_column("meetings", sa.Column("reference", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "meeting_hosts",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        _at("created_at"),
        *_academy("meeting_hosts"),
        sa.PrimaryKeyConstraint("id", name="pk_meeting_hosts"),
        sa.UniqueConstraint(
            "academy_id", "provider", "account", "address", name="uq_meeting_hosts_academy_id_provider_account_address"
        ),
    )
    op.create_table(
        "meeting_host_times",
        sa.Column("booking_id", sa.Uuid, nullable=False),
        sa.Column("host_id", sa.Uuid, nullable=False),
        sa.Column("seat", sa.Text, nullable=False),
        _at("busy_from"),
        _at("busy_until"),
        *_academy("meeting_host_times"),
        sa.PrimaryKeyConstraint("booking_id", name="pk_meeting_host_times"),
        sa.ForeignKeyConstraint(["host_id"], ["meeting_hosts.id"], name="fk_meeting_host_times_host_id"),
        sa.CheckConstraint("busy_from < busy_until", name=op.f("ck_meeting_host_times_times")),
        ExcludeConstraint(
            ("seat", "="),
            (sa.text("tstzrange(busy_from, busy_until)"), "&&"),
            using="gist",
            name="ex_meeting_host_times_seat",
        ),
    )
    op.create_index("ix_meeting_host_times_host_id_busy_from", "meeting_host_times", ["host_id", "busy_from"])
    op.create_table(
        "meeting_choices",
        sa.Column("qari_id", sa.Uuid, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        *_academy("meeting_choices"),
        sa.PrimaryKeyConstraint("qari_id", name="pk_meeting_choices"),
    )
    op.create_table(
        "meeting_strays",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("booking_id", sa.Uuid, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("host_id", sa.Uuid),
        _at("starts_at"),
        _at("ends_at"),
        _at("noted_at"),
        sa.Column("sealed_room", sa.LargeBinary),
        *_academy("meeting_strays"),
        sa.PrimaryKeyConstraint("id", name="pk_meeting_strays"),
    )
    op.create_index("ix_meeting_strays_noted_at", "meeting_strays", ["noted_at"])
    op.create_table(
        "meeting_sightings",
        sa.Column("booking_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("came", sa.Boolean, nullable=False),
        _at("at"),
        *_academy("meeting_sightings"),
        sa.PrimaryKeyConstraint("booking_id", "key", name="pk_meeting_sightings"),
    )
    op.create_index("ix_meeting_sightings_at", "meeting_sightings", ["at"])
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_meetings_reference",
            "meetings",
            ["reference"],
            postgresql_where=sa.text("reference <> ''"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
