"""Series, proposals and policies on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
from sqlalchemy import DateTime, Integer, Text, Uuid, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.persistence.booking.tables import policies, proposals, series
from adapters.persistence.line import Ask
from adapters.persistence.metadata import own_columns
from adapters.persistence.statement import Statement
from domain.booking.errors import ProposalOpen
from domain.booking.policy import PolicyRow
from domain.booking.proposal import Proposal, ProposalStatus
from domain.booking.series import Scope, Series
from domain.errors import Conflict, NotFound, StaleWrite
from domain.identity.actor import Party
from domain.ids import BookingId, ProposalId, SeriesId
from domain.time import TimeSlot

_INSTANT: Final = DateTime(timezone=True)
_WANTED: Final = bindparam("wanted", type_=Uuid)
_WAS: Final = bindparam("was", type_=Integer)

_SERIES: Final = Statement(select(*own_columns(series)).where(series.c.id == _WANTED))
_ADD_SERIES: Final = Statement(
    insert(series)
    .values({column.name: bindparam(column.name, type_=column.type) for column in series.c})
    .on_conflict_do_nothing()
    .returning(series.c.id)
)
_SAVE_SERIES: Final = Statement(
    update(series)
    .where(series.c.id == _WANTED, series.c.version == _WAS)
    .values({name: bindparam(name, type_=series.c[name].type) for name in ("first_date", "wall", "version")})
)

_PROPOSAL: Final = Statement(select(proposals).where(proposals.c.id == _WANTED))
_ADD_PROPOSAL: Final = Statement(
    insert(proposals)
    .values({column.name: bindparam(column.name, type_=column.type) for column in proposals.c})
    .on_conflict_do_nothing()
    .returning(proposals.c.id)
)
_SAVE_PROPOSAL: Final = Statement(
    update(proposals)
    .where(proposals.c.id == _WANTED, proposals.c.version == _WAS)
    .values({name: bindparam(name, type_=proposals.c[name].type) for name in ("status", "version")})
)
_OPEN_OF: Final = Statement(
    select(proposals).where(proposals.c.booking_id == _WANTED, proposals.c.status == ProposalStatus.OPEN.value)
)
_UNANSWERED: Final = Statement(
    select(proposals)
    .where(proposals.c.status == ProposalStatus.OPEN.value, proposals.c.answer_by <= bindparam("now", type_=_INSTANT))
    .order_by(proposals.c.answer_by)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)

_KIND: Final = policies.c.kind == bindparam("about", type_=Text)
_CURRENT: Final = Statement(
    select(*own_columns(policies))
    .where(_KIND, policies.c.effective_from <= bindparam("at", type_=_INSTANT))
    .order_by(policies.c.version.desc())
    .limit(1)
)
_VERSION: Final = Statement(
    select(*own_columns(policies)).where(_KIND, policies.c.version == bindparam("wanted", type_=Integer))
)
_BELOW: Final = bindparam("below", type_=Integer)
_HISTORY: Final = Statement(
    select(policies)
    .where(_KIND, or_(_BELOW.is_(None), policies.c.version < _BELOW))
    .order_by(policies.c.version.desc())
    .limit(bindparam("most", type_=Integer))
)
_ADD_POLICY: Final = Statement(
    insert(policies)
    .values({column.name: bindparam(column.name, type_=column.type) for column in policies.c})
    .on_conflict_do_nothing()
    .returning(policies.c.version)
)


class SqlSeries:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def get(self, series_id: SeriesId) -> Series:
        found = await self.find(series_id)
        if found is None:
            raise NotFound("there is no such series")
        return found

    async def find(self, series_id: SeriesId) -> Series | None:
        row = await _SERIES.row(self._connection, wanted=series_id)
        return None if row is None else Series(**dict(row))

    async def add(self, agreed: Series) -> None:
        values = {name: getattr(agreed, name) for name in agreed.__struct_fields__}
        if await _ADD_SERIES.value(self._connection, **values) is None:
            raise Conflict("there is a series with this id")

    async def save(self, agreed: Series) -> None:
        changes = {"first_date": agreed.first_date, "wall": agreed.wall, "version": agreed.version}
        if await _SAVE_SERIES.run(self._connection, wanted=agreed.id, was=agreed.version - 1, **changes) != 1:
            raise StaleWrite(
                "series {series} is not at version {version}", series=str(agreed.id), version=agreed.version - 1
            )


def _proposal(row: "asyncpg.Record") -> Proposal:
    return Proposal(
        id=row["id"],
        booking_id=row["booking_id"],
        by=Party(row["by"]),
        slot=TimeSlot(row["starts_at"], row["ends_at"]),
        scope=Scope(row["scope"]),
        created_at=row["created_at"],
        answer_by=row["answer_by"],
        status=ProposalStatus(row["status"]),
        version=row["version"],
    )


class SqlProposals:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def get(self, proposal_id: ProposalId) -> Proposal:
        row = await _PROPOSAL.row(self._connection, wanted=proposal_id)
        if row is None:
            raise NotFound("there is no such proposal")
        return _proposal(row)

    async def add(self, proposal: Proposal) -> None:
        added = await _ADD_PROPOSAL.value(
            self._connection,
            id=proposal.id,
            booking_id=proposal.booking_id,
            by=proposal.by.value,
            starts_at=proposal.slot.start,
            ends_at=proposal.slot.end,
            scope=proposal.scope.value,
            status=proposal.status.value,
            created_at=proposal.created_at,
            answer_by=proposal.answer_by,
            version=proposal.version,
        )
        if added is None:
            raise ProposalOpen("another change of this lesson waits for its answer")

    async def save(self, proposal: Proposal) -> None:
        changes = {"status": proposal.status.value, "version": proposal.version}
        if await _SAVE_PROPOSAL.run(self._connection, wanted=proposal.id, was=proposal.version - 1, **changes) != 1:
            raise StaleWrite(
                "proposal {proposal} is not at version {version}",
                proposal=str(proposal.id),
                version=proposal.version - 1,
            )

    async def open_of(self, booking_id: BookingId) -> Proposal | None:
        row = await _OPEN_OF.row(self._connection, wanted=booking_id)
        return None if row is None else _proposal(row)

    async def unanswered(self, now: datetime, limit: int) -> Sequence[Proposal]:
        return [_proposal(row) for row in await _UNANSWERED.all(self._connection, now=now, most=limit)]


def _policy(row: "asyncpg.Record") -> PolicyRow:
    return PolicyRow(**{name: row[name] for name in PolicyRow.__struct_fields__})


class SqlPolicies:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    @staticmethod
    def asks(at: datetime, *kinds: str) -> list[Ask]:
        """What ``current`` does."""
        return [_CURRENT.ask(about=kind, at=at) for kind in kinds]

    async def current(self, kind: str, at: datetime) -> PolicyRow | None:
        row = await _CURRENT.row(self._connection, about=kind, at=at)
        return None if row is None else _policy(row)

    async def version(self, kind: str, version: int) -> PolicyRow | None:
        row = await _VERSION.row(self._connection, about=kind, wanted=version)
        return None if row is None else _policy(row)

    async def history(self, kind: str, *, below: int | None = None, limit: int = 20) -> Sequence[PolicyRow]:
        rows = await _HISTORY.all(self._connection, about=kind, below=below, most=limit)
        return [_policy(row) for row in rows]

    async def add(self, row: PolicyRow) -> None:
        values = {name: getattr(row, name) for name in row.__struct_fields__}
        if await _ADD_POLICY.value(self._connection, **values) is None:
            raise Conflict("version {version} of these rules exists", version=row.version, kind=row.kind)
