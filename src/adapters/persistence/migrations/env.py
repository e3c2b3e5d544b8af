"""Run by Alembic, on the connection that ``adapters.persistence.migrate`` hands over."""

from alembic import context
from sqlalchemy import Connection

from adapters.persistence.schema import whole_schema


def run() -> None:
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("migrations run through `halaqa migrate`, which takes the lock and sets the time limits")
    context.configure(connection=connection, target_metadata=whole_schema(), transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


run()
