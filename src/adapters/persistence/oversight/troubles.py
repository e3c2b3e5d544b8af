"""Outside services that are left alone just now, as all processes have met them. (OPS-12)"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import structlog
from sqlalchemy import DateTime, Text, bindparam, case, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.oversight.trouble_tables import provider_troubles
from adapters.persistence.statement import Statement, driver
from ports.clock import Clock
from ports.oversight.health import Trouble

FORGOTTEN: Final = timedelta(hours=1)
"""Who is in use and still fails is met again within minutes; an older row was left by a process that is gone."""
_INSTANT: Final = DateTime(timezone=True)
_STALE: Final = provider_troubles.c.met_at < bindparam("edge", type_=_INSTANT)
_NOTE: Final = Statement(
    insert(provider_troubles)
    .values(
        gateway=bindparam("gateway", type_=Text),
        since=bindparam("now", type_=_INSTANT),
        met_at=bindparam("now", type_=_INSTANT),
    )
    .on_conflict_do_update(
        index_elements=[provider_troubles.c.gateway],
        set_={
            "since": case((_STALE, bindparam("now", type_=_INSTANT)), else_=provider_troubles.c.since),
            "met_at": bindparam("now", type_=_INSTANT),
        },
    )
)
_OVER: Final = Statement(
    delete(provider_troubles).where(provider_troubles.c.gateway == bindparam("gateway", type_=Text))
)
_STANDING: Final = Statement(
    select(provider_troubles.c.gateway, provider_troubles.c.since)
    .where(provider_troubles.c.met_at >= bindparam("edge", type_=_INSTANT))
    .order_by(provider_troubles.c.since)
)
log: Final = structlog.get_logger(__name__)


class TroubleLog:
    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._writing: set[asyncio.Task[Any]] = set()

    def note(self, gateway: str, state: str) -> None:
        """Written beside the call that met it, which does not wait and must not fail for it."""
        task = asyncio.get_running_loop().create_task(self.write(gateway, state))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def written(self) -> None:
        """When all that was noted so far is in the table."""
        await asyncio.gather(*self._writing)

    async def write(self, gateway: str, state: str) -> None:
        now = self._clock.now()
        try:
            async with driver(self._engine) as connection:
                if state == "closed":
                    await _OVER.run(connection, gateway=gateway)
                else:
                    await _NOTE.run(connection, gateway=gateway, now=now, edge=now - FORGOTTEN)
        except (OSError, asyncpg.PostgresError) as error:
            log.warning("trouble_not_noted", gateway=gateway, error=type(error).__name__)

    async def standing(self, now: datetime) -> Sequence[Trouble]:
        async with driver(self._engine) as connection:
            rows = await _STANDING.all(connection, edge=now - FORGOTTEN)
        return [Trouble(row["gateway"], row["since"]) for row in rows]
