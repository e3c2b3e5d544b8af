"""Live classes, who holds them, who pressed "join" and who was seen."""

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from adapters.persistence.metadata import academy_column, metadata, sealed_column

HOST_ALONE: Final = "ex_meeting_host_times_seat"

meetings: Final = Table(
    "meetings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("booking_id", Uuid, nullable=False),
    Column("provider", String, nullable=False),
    Column("status", String, nullable=False),
    sealed_column("sealed_room"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("ready_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    Column("host_id", Uuid),
    Column("starts_at", DateTime(timezone=True)),
    Column("ends_at", DateTime(timezone=True)),
    Column("claimed_until", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("reference", Text, nullable=False, server_default=""),
    academy_column(),
    UniqueConstraint("booking_id"),
)
Index("ix_meetings_reference", meetings.c.reference, postgresql_where=text("reference <> ''"))

hosts: Final = Table(
    "meeting_hosts",
    metadata,
    Column("id", Uuid, primary_key=True),
    academy_column(),
    Column("provider", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("academy_id", "provider", "account", "address"),
)

host_times: Final = Table(
    "meeting_host_times",
    metadata,
    Column("booking_id", Uuid, primary_key=True),
    academy_column(),
    Column("host_id", Uuid, ForeignKey("meeting_hosts.id"), nullable=False),
    Column("seat", Text, nullable=False),
    Column("busy_from", DateTime(timezone=True), nullable=False),
    Column("busy_until", DateTime(timezone=True), nullable=False),
    CheckConstraint("busy_from < busy_until", name="times"),
    ExcludeConstraint(("seat", "="), (text("tstzrange(busy_from, busy_until)"), "&&"), using="gist", name=HOST_ALONE),
)
Index("ix_meeting_host_times_host_id_busy_from", host_times.c.host_id, host_times.c.busy_from)

choices: Final = Table(
    "meeting_choices",
    metadata,
    Column("qari_id", Uuid, primary_key=True),
    academy_column(),
    Column("provider", Text, nullable=False),
)

strays: Final = Table(
    "meeting_strays",
    metadata,
    Column("id", Uuid, primary_key=True),
    academy_column(),
    Column("booking_id", Uuid, nullable=False),
    Column("provider", Text, nullable=False),
    Column("host_id", Uuid),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("noted_at", DateTime(timezone=True), nullable=False),
    sealed_column("sealed_room"),
)
Index("ix_meeting_strays_noted_at", strays.c.noted_at)

sightings: Final = Table(
    "meeting_sightings",
    metadata,
    Column("booking_id", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    academy_column(),
    Column("name", Text, nullable=False),
    Column("came", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("booking_id", "key"),
)
Index("ix_meeting_sightings_at", sightings.c.at)

clicks: Final = Table(
    "meeting_clicks",
    metadata,
    Column("booking_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    academy_column(),
)
Index("ix_meeting_clicks_booking_id_at", clicks.c.booking_id, clicks.c.at)
