"""backups, troubles with providers, heavy work in turn"""

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to do."""
