"""Brings a database to the newest schema.

Several processes may start at once: the first takes an advisory lock, the others wait for it and find nothing to do.
While it changes tables, a statement that cannot have its lock within seconds gives up instead of stopping the school.
"""

from asyncio import sleep
from importlib.resources import files
from time import monotonic
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from adapters.persistence.engine import driver_url

LOCK: Final = 0x48616C617161  # "Halaqa"
WAIT_FOR_OTHERS_S: Final = 120.0
LOOK_EVERY_S: Final = 0.1
WAIT_FOR_TABLES: Final = "5s"


def configuration() -> Config:
    config = Config()
    # Alembic reads "%" as an interpolation; a folder may have one in its name.
    folder = str(files("adapters.persistence") / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    return config


async def upgrade(url: str, target: str = "head") -> None:
    """Raises what the database raises; what earlier migrations did stays."""
    engine = create_async_engine(driver_url(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await _wait_for_others(connection)
            await connection.run_sync(_upgrade, target)
    finally:
        await engine.dispose()


async def _wait_for_others(connection: AsyncConnection) -> None:
    """Looks and leaves each time: whoever waits inside a statement holds up an index that is built without locks, and
    the two would wait for each other.
    """
    until = monotonic() + WAIT_FOR_OTHERS_S
    while not await connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}):
        await connection.rollback()
        if monotonic() > until:
            raise TimeoutError("somebody else has been bringing the database up to date for too long")
        await sleep(LOOK_EVERY_S)


def _upgrade(connection: Connection, target: str) -> None:
    connection.execute(text(f"SET lock_timeout = '{WAIT_FOR_TABLES}'"))
    connection.commit()
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, target)
    connection.commit()
