"""WhatsApp and push: who wants them, where they go; addresses that bounce"""

import sqlalchemy as sa
from alembic import op

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


def _whatsapp() -> None:
    """Nothing to do."""
