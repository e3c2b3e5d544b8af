"""applications, documents, placement"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_roles", sa.Column("onboarding", sa.Text, nullable=False, server_default="not_needed"))
    op.execute(
        "UPDATE user_roles SET onboarding = users.onboarding FROM users"
        " WHERE users.id = user_roles.user_id AND user_roles.role = 'qari'"
    )
    op.alter_column("users", "onboarding", server_default="not_needed")
