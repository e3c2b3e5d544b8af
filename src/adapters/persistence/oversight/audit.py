"""Writing the audit log: one writer at a time, for a moment at the end of its transaction."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
import structlog
from sqlalchemy import BigInteger, LargeBinary, bindparam, func, insert, select, update

from adapters.persistence.oversight.audit_tables import audit_head, audit_log
from adapters.persistence.statement import Statement
from domain.oversight.audit import Act
from domain.oversight.chain import Entry
from ports.academy import current_academy

# The lock on the one row makes writers queue up until the one before has committed.
_locked = select(audit_head.c.seq, audit_head.c.hash).with_for_update().subquery("locked")
_LAST: Final = Statement(select(_locked.c.seq, _locked.c.hash, func.clock_timestamp().label("at")))
_MOVE: Final = Statement(
    update(audit_head).values(seq=bindparam("to", type_=BigInteger), hash=bindparam("seal", type_=LargeBinary))
)
_ADD: Final = Statement(insert(audit_log))


async def write_acts(connection: "asyncpg.Connection[Any]", acts: Sequence[Act]) -> None:
    """Inside the transaction that does what they tell of, as its last step: the lock is held until it commits."""
    last = await _LAST.row(connection)
    if last is None:
        raise LookupError("the audit log has lost its head: its one row was removed")
    seq, previous = last["seq"], last["hash"]
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    for act in acts:
        seq += 1
        actor = act.actor
        entry = Entry(
            seq=seq,
            academy_id=current_academy(),
            at=last["at"],
            actor_id=_id(actor.user_id) if actor is not None else None,
            role=actor.role.value if actor is not None else None,
            audience=actor.audience.value if actor is not None else None,
            impersonator_id=_id(actor.impersonator) if actor is not None else None,
            action=act.action,
            subject_kind=act.subject[0],
            subject_id=act.subject[1],
            before=_as_stored(act.before),
            after=_as_stored(act.after),
            reason=act.reason.replace("\0", ""),
            request_id=request_id,
        )
        sealed = entry.sealed_after(previous)
        row = msgspec.structs.asdict(entry) | {
            "before": msgspec.json.encode(entry.before).decode(),
            "after": msgspec.json.encode(entry.after).decode(),
        }
        del row["academy_id"]
        await _ADD.run(connection, **row, previous_hash=previous, hash=sealed)
        previous = sealed
    await _MOVE.run(connection, to=seq, seal=previous)


def _id(value: UUID | None) -> UUID | None:
    """The driver's own kind of UUID becomes an ordinary one."""
    return UUID(int=value.int) if value is not None else None


def _as_stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """As it will be read again: times and ids as text, nothing that JSONB does not know."""
    return {name: _known(value) for name, value in msgspec.json.decode(msgspec.json.encode(values)).items()}


def _known(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "")
        case list():
            return [_known(part) for part in value]
        case dict():
            return {name: _known(part) for name, part in value.items()}
    return value
