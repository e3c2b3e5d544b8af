"""WhatsApp and push: who wants them, where they go; addresses that bounce"""

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to do."""
