"""other payment providers: where a payer lives, disputes, what a person has to look at"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # a constant default is kept in the catalog: no row is written
    op.add_column("users", sa.Column("country", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "disputes",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("payer_id", sa.Uuid, nullable=False),
        sa.Column("provider_ref", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_by", sa.DateTime(timezone=True)),
        sa.Column("is_taken", sa.Boolean, nullable=False),
        sa.Column("taking", sa.Uuid),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_disputes"),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name="fk_disputes_payment_id"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_disputes_academy_id"),
        sa.UniqueConstraint("payment_id", "provider_ref", name="uq_disputes_payment_id_provider_ref"),
    )
    op.create_index("ix_disputes_open", "disputes", ["opened_at", "id"], postgresql_where=sa.text("is_open"))
    op.create_table(
        "book_findings",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("explanation", sa.Text, nullable=False),
        sa.Column("explained_by", sa.Uuid),
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_book_findings"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_book_findings_academy_id"),
        sa.UniqueConstraint("academy_id", "source", "kind", "subject", name="uq_book_findings_name"),
    )
    op.create_index(
        "ix_book_findings_open", "book_findings", ["found_at", "id"], postgresql_where=sa.text("status = 'open'")
    )
