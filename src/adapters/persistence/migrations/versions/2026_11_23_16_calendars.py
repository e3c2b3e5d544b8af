"""other calendars that Qaris keep, and when they are busy there"""

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to do."""
