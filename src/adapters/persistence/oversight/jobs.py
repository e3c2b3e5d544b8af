"""The job board on PostgreSQL: one row a job, taken by whoever comes first. (OPS-14)"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import DateTime, Integer, String, bindparam, case, literal, null, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.oversight.tables import jobs
from adapters.persistence.statement import Statement, driver
from ports.jobs import JobState

_INSTANT: Final = DateTime(timezone=True)
_NEW: Final[Any] = insert(jobs).values(
    name=bindparam("name", type_=String),
    tick=bindparam("tick", type_=_INSTANT),
    worker=bindparam("worker", type_=String),
    running_until=bindparam("lease_until", type_=_INSTANT),
    last_started_at=bindparam("now", type_=_INSTANT),
    last_error=literal(""),
    last_count=literal(0),
    failures_in_a_row=literal(0),
)
_BEGIN: Final = Statement(
    _NEW.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "tick": _NEW.excluded.tick,
            "worker": _NEW.excluded.worker,
            "running_until": _NEW.excluded.running_until,
            "last_started_at": _NEW.excluded.last_started_at,
        },
        where=(
            (jobs.c.tick < _NEW.excluded.tick)
            & (jobs.c.running_until.is_(None) | (jobs.c.running_until <= _NEW.excluded.last_started_at))
        )
        # Nobody begins in the future: the clock was wrong then. Without this nothing would run until it was caught up.
        | (jobs.c.tick > bindparam("not_yet", type_=_INSTANT)),
    ).returning(jobs.c.name)
)
_ERROR: Final = bindparam("error", type_=String)
_AT: Final = bindparam("finished", type_=_INSTANT)
_FINISH: Final = Statement(
    update(jobs)
    .where(jobs.c.name == bindparam("job", type_=String), jobs.c.worker == bindparam("runner", type_=String))
    .values(
        running_until=null(),
        last_finished_at=_AT,
        last_error=_ERROR,
        last_count=bindparam("found", type_=Integer),
        last_ok_at=case((_ERROR == "", _AT), else_=jobs.c.last_ok_at),
        failures_in_a_row=case((_ERROR == "", 0), else_=jobs.c.failures_in_a_row + 1),
    )
)
_STATES: Final = Statement(select(*(jobs.c[name] for name in JobState.__struct_fields__)).order_by(jobs.c.name))


class SqlJobBoard:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin(self, name: str, *, tick: datetime, now: datetime, lease: timedelta, worker: str) -> bool:
        async with driver(self._engine) as connection:
            taken = await _BEGIN.value(
                connection,
                name=name,
                tick=tick,
                now=now,
                lease_until=now + lease,
                not_yet=now + 2 * lease,
                worker=worker,
            )
        return taken is not None

    async def finish(self, name: str, *, worker: str, at: datetime, count: int, error: str = "") -> None:
        async with driver(self._engine) as connection:
            await _FINISH.run(connection, job=name, runner=worker, finished=at, found=count, error=error)

    async def states(self) -> Sequence[JobState]:
        async with driver(self._engine) as connection:
            return [JobState(**dict(row)) for row in await _STATES.all(connection)]
