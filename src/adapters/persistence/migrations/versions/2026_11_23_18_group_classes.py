"""classes of several learners, each occurrence with a meeting of its own"""

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to do."""
