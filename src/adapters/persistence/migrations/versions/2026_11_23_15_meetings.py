"""providers of live classes, their hosts, who is told of a fallback"""

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to do."""
