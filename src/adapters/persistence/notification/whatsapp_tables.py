"""Numbers at WhatsApp, what people have said about them, and how far messages have come. (NOTI-02)"""

from typing import Final

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, Table, Text, Uuid

from adapters.persistence.metadata import academy_column, metadata

whatsapp_contacts: Final = Table(
    "whatsapp_contacts",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("consented_at", DateTime(timezone=True)),
    Column("heard_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    academy_column(),
)
Index("ix_whatsapp_contacts_number", whatsapp_contacts.c.academy_id, whatsapp_contacts.c.number)

whatsapp_consents: Final = Table(
    "whatsapp_consents",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("number", Text, nullable=False),
    Column("given", Boolean, nullable=False),
    Column("way", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    academy_column(),
)
Index("ix_whatsapp_consents_user_id", whatsapp_consents.c.user_id)

message_progress: Final = Table(
    "message_progress",
    metadata,
    Column("delivery_id", Uuid, ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("ref", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    academy_column(),
)
