"""WhatsApp and push: who wants them, where they go; addresses that bounce"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _push_and_bounces()
    _whatsapp()


def _push_and_bounces() -> None:
    op.add_column("deliveries", sa.Column("provider_ref", sa.String, nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("unsure", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "push_browsers",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_push_browsers"),
        sa.UniqueConstraint("academy_id", "fingerprint", name="uq_push_browsers_fingerprint"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_push_browsers_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_push_browsers_academy_id"),
    )
    op.create_index("ix_push_browsers_user_id", "push_browsers", ["user_id"])
    op.create_table(
        "dead_addresses",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_dead_addresses"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_dead_addresses_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_dead_addresses_academy_id"),
    )
    op.create_index("ix_dead_addresses_at", "dead_addresses", ["academy_id", "at", "user_id"])


def _whatsapp() -> None:
    for name in ("by_whatsapp", "without_mail"):
        column: sa.Column[list[str]] = sa.Column(
            name, postgresql.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")
        )
        op.add_column("message_preferences", column)
    op.create_table(
        "whatsapp_contacts",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("wording", sa.Text, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True)),
        sa.Column("heard_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_whatsapp_contacts"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_whatsapp_contacts_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_whatsapp_contacts_academy_id"),
    )
    op.create_index("ix_whatsapp_contacts_number", "whatsapp_contacts", ["academy_id", "number"])
    op.create_table(
        "whatsapp_consents",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("wording", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_whatsapp_consents_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_whatsapp_consents_academy_id"),
    )
    op.create_index("ix_whatsapp_consents_user_id", "whatsapp_consents", ["user_id"])
    op.create_table(
        "message_progress",
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_message_progress"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_message_progress_delivery_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_message_progress_academy_id"),
    )
