"""The connection pool. Every process has one."""

from typing import Final

from sqlalchemy.ext.asyncio import create_async_engine

from adapters.persistence.lending import LendingEngine

DRIVER: Final = "postgresql+asyncpg"


def driver_url(url: str) -> str:
    """``postgres://…`` and ``postgresql://…`` as people and hosting services write them, with our driver named."""
    scheme, separator, rest = url.partition("://")
    return f"{DRIVER}://{rest}" if separator and scheme in {"postgres", "postgresql"} else url


def new_engine(url: str, *, pool_size: int = 10, name: str = "halaqa") -> LendingEngine:
    """``name`` shows in ``pg_stat_activity``. JIT is off: it costs more than our short statements take. A page
    read at random costs hardly more than the next one, as it is from memory and from SSDs: a page of lessons then looks
    its people up instead of reading all users. JSON comes as text: who reads it decodes it straight into its type.
    """
    engine = create_async_engine(
        driver_url(url),
        pool_size=pool_size,
        # For the few who do without the lender: migrations, checks at the start.
        max_overflow=2,
        pool_timeout=30,
        pool_recycle=1800,
        pool_pre_ping=False,
        json_deserializer=str,
        connect_args={
            "timeout": 10,
            "server_settings": {
                "application_name": name,
                "jit": "off",
                "random_page_cost": "1.1",
                "timezone": "UTC",
            },
        },
    )
    return LendingEngine(engine, pool_size)
