"""What does not agree in the books, on one asyncpg connection."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import Text, Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.persistence.billing.tables import book_findings
from adapters.persistence.statement import Statement
from domain.billing.finding import Finding, FindingStatus
from domain.errors import NotFound
from domain.ids import FindingId, UserId

_ONE: Final = Statement(
    select(book_findings).where(book_findings.c.id == bindparam("id", type_=Uuid)).with_for_update()
)
_OF: Final = Statement(select(book_findings).where(book_findings.c.source == bindparam("source", type_=Text)))
_new = upsert(book_findings)
_KEEP: Final = Statement(
    _new.on_conflict_do_update(
        constraint="uq_book_findings_name",
        set_={name: _new.excluded[name] for name in ("message", "found_at", "status", "explanation", "explained_by")},
    )
)


class SqlFindings:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def get(self, finding_id: FindingId) -> Finding:
        row = await _ONE.row(self._connection, id=finding_id)
        if row is None:
            raise NotFound("there is no such finding")
        return _finding_of(row)

    async def of(self, source: str) -> Sequence[Finding]:
        return [_finding_of(row) for row in await _OF.all(self._connection, source=source)]

    async def keep(self, finding: Finding) -> None:
        await _KEEP.run(
            self._connection,
            id=finding.id,
            source=finding.source,
            kind=finding.kind,
            subject=finding.subject,
            message=finding.message,
            found_at=finding.found_at,
            status=finding.status.value,
            explanation=finding.explanation,
            explained_by=finding.explained_by,
        )


def _finding_of(row: asyncpg.Record) -> Finding:
    return Finding(
        id=FindingId(row["id"]),
        source=row["source"],
        kind=row["kind"],
        subject=row["subject"],
        message=row["message"],
        found_at=row["found_at"],
        status=FindingStatus(row["status"]),
        explanation=row["explanation"],
        explained_by=UserId(row["explained_by"]) if row["explained_by"] is not None else None,
    )
