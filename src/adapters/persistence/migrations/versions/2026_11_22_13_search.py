"""text search that knows how Arabic is written; what a Qari teaches, and to whom"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SEARCHABLE = r"""
CREATE OR REPLACE FUNCTION searchable(words text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT translate(
        regexp_replace(
            lower(normalize(words, NFKD)),
            '[\u0300-\u036F\u02B0-\u02FF\u0610-\u061A\u0621\u0640\u064B-\u065F\u0670\u06D6-\u06DC\u06DF-\u06E8'
            '\u06EA-\u06ED\u08D3-\u08FF\u2018\u2019''`\u200B-\u200F\u202A-\u202E\u2060-\u2069]+',
            '', 'g'),
        U&'\0671\0649\06CC\06CD\06D0\06D2\0629\06BE\06C1\06C3\06D5\06A9\06AA\06BA'
        '\0660\0661\0662\0663\0664\0665\0666\0667\0668\0669\06F0\06F1\06F2\06F3\06F4\06F5\06F6\06F7\06F8\06F9',
        U&'\0627\064A\064A\064A\064A\064A\0647\0647\0647\0647\0647\0643\0643\0646'
        '01234567890123456789') $$
"""


def upgrade() -> None:
    for name in ("subjects", "levels"):
        op.add_column("qaris", sa.Column(name, postgresql.ARRAY(sa.Text), nullable=False, server_default="{}"))
    op.get_bind().exec_driver_sql(SEARCHABLE)
    op.execute("CREATE INDEX ix_users_searchable ON users USING gin (searchable(name) gin_trgm_ops)")
    op.execute("CREATE INDEX ix_qaris_searchable ON qaris USING gin (searchable(name || ' ' || bio) gin_trgm_ops)")
