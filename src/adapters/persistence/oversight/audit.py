"""Writing the audit log: one writer at a time, for a moment at the end of its transaction."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec
import structlog
from sqlalchemy import insert, select

from adapters.persistence.oversight.audit_tables import audit_log
from adapters.persistence.statement import Statement
from domain.oversight.audit import Act
from domain.oversight.chain import BEGINNING, Entry
from ports.academy import current_academy

_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(4774451407313061228), statement_timestamp() AS at"
_LAST: Final = Statement(
    select(audit_log.c.seq, audit_log.c.hash).order_by(audit_log.c.seq.desc()).limit(1),
    everywhere="one chain runs through the whole installation",
)
_ADD: Final = Statement(insert(audit_log))


async def write_acts(connection: "asyncpg.Connection[Any]", acts: Sequence[Act]) -> None:
    """Inside the transaction that does what they tell of, as its last step: the lock is held until it commits."""
    locked = await connection.fetchrow(_ONE_AT_A_TIME)
    assert locked is not None  # noqa: S101 - a SELECT without FROM has one row
    last = await _LAST.row(connection)
    seq, previous = (last["seq"], last["hash"]) if last is not None else (0, BEGINNING)
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    for act in acts:
        seq += 1
        entry = Entry(
            seq=seq,
            academy_id=current_academy(),
            at=locked["at"],
            actor_id=act.actor.user_id if act.actor is not None else None,
            role=act.actor.role.value if act.actor is not None else None,
            audience=act.actor.audience.value if act.actor is not None else None,
            impersonator_id=act.actor.impersonator if act.actor is not None else None,
            action=act.action,
            subject_kind=act.subject[0],
            subject_id=act.subject[1],
            before=act.before,
            after=act.after,
            reason=act.reason,
            request_id=request_id,
        )
        sealed = entry.sealed_after(previous)
        row = msgspec.structs.asdict(entry) | {
            "before": msgspec.json.encode(act.before, order="deterministic").decode(),
            "after": msgspec.json.encode(act.after, order="deterministic").decode(),
        }
        del row["academy_id"]
        await _ADD.run(connection, **row, previous_hash=previous, hash=sealed)
        previous = sealed
