"""versioned settings"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("policies", sa.Column("reason", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "brand_images",
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("academy_id", "digest", name="pk_brand_images"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_brand_images_academy_id"),
    )
    op.create_table(
        "queue_claims",
        sa.Column("academy_id", sa.Uuid, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("academy_id", "queue", "item", name="pk_queue_claims"),
        sa.ForeignKeyConstraint(["academy_id"], ["academies.id"], name="fk_queue_claims_academy_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_queue_claims_owner_id", ondelete="CASCADE"),
    )
