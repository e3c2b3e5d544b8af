"""other payment providers: disputes, what a person has to look at"""

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to do."""
