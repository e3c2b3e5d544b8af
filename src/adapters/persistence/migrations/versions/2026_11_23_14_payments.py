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
