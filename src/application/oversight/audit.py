"""Who did what, and the proof that nobody wrote it anew. (ADM-05)"""

from collections.abc import AsyncIterator, Sequence
from time import perf_counter
from typing import Final

import msgspec

from application.oversight.heavy_work import HeavyWork, Kept, rest
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.oversight.audit import Act
from domain.oversight.chain import Break, Chain
from ports.oversight.audit import AuditEntry, AuditFilter, AuditHead, AuditQueries
from ports.paging import MAX_LIMIT, Page
from ports.unit_of_work import NewUnit

_STEP: Final = 1000


class SearchAudit:
    """Newest first. Raises NotPermitted, BadCursor, Crowded."""

    def __init__(self, audit_queries: AuditQueries, heavy_work: HeavyWork | None = None) -> None:
        self._queries, self._heavy = audit_queries, heavy_work or HeavyWork()

    async def __call__(
        self, actor: Actor, wanted: AuditFilter, *, cursor: str | None = None, limit: int = 50
    ) -> Page[AuditEntry]:
        actor.require(Permission.SEE_AUDIT)
        async with self._heavy.turn(actor):
            return await self._queries.search(wanted, cursor=cursor, limit=limit)

    async def actions(self, actor: Actor) -> Sequence[str]:
        """What there is to choose from."""
        actor.require(Permission.SEE_AUDIT)
        return await self._queries.actions()


class ExportAudit:
    """All that fits the filter, page by page, so that a long log never sits in memory at once, with a rest after each
    page that is longer than its work. That it was taken
    away is written into the log first. Raises NotPermitted, Crowded.
    """

    def __init__(self, new_unit: NewUnit, audit_queries: AuditQueries, heavy_work: HeavyWork | None = None) -> None:
        self._new_unit, self._queries, self._heavy = new_unit, audit_queries, heavy_work or HeavyWork()

    async def __call__(self, actor: Actor, wanted: AuditFilter) -> AsyncIterator[Sequence[AuditEntry]]:
        actor.require(Permission.SEE_AUDIT)
        asked = {name: value for name, value in msgspec.to_builtins(wanted).items() if value is not None}
        turn = await self._heavy.take(actor)
        try:
            async with self._new_unit() as unit:
                unit.note(Act(actor=actor, action="oversight.export_audit", subject=("audit", "log"), after=asked))
                await unit.commit()
        except BaseException:
            turn.end()
            raise
        return Kept(self._pages(wanted), turn)

    async def _pages(self, wanted: AuditFilter) -> AsyncIterator[Sequence[AuditEntry]]:
        cursor: str | None = None
        while True:
            began = perf_counter()
            page = await self._queries.search(wanted, cursor=cursor, limit=MAX_LIMIT)
            yield page.items
            cursor = page.next_cursor
            if cursor is None:
                return
            await rest(perf_counter() - began)


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """``rows`` hold; ``broken`` is the first that does not. ``head`` is worth writing down elsewhere."""

    rows: int
    head: AuditHead
    broken: Break | None


class VerifyAudit:
    """``known``: a head that was written down before; it has to lie on the chain still. No permission is asked for:
    this is a command of whoever owns the machine.
    """

    def __init__(self, audit_queries: AuditQueries) -> None:
        self._queries = audit_queries

    async def __call__(self, known: AuditHead | None = None) -> AuditReport:
        head = await self._queries.head()
        chain, broken = Chain(), None
        stops = sorted({known.seq, head.seq} if known is not None and known.seq < head.seq else {head.seq})
        for stop in stops:
            broken = broken or await self._walk(chain, stop)
            if broken is None and known is not None and stop == known.seq and chain.seal != known.hash:
                broken = Break(seq=stop, what="is not the row whose seal was written down: the log was written anew")
        if broken is None and known is not None and known.seq > head.seq:
            broken = Break(seq=head.seq + 1, what=f"is gone, with all up to row {known.seq}")
        if broken is None and chain.seal != head.hash:
            broken = Break(seq=chain.seq, what="is not the row that was written last")
        return AuditReport(rows=chain.seq, head=head, broken=broken)

    async def _walk(self, chain: Chain, stop: int) -> Break | None:
        while chain.seq < stop:
            links = await self._queries.links(after=chain.seq, limit=min(_STEP, stop - chain.seq))
            if not links:
                return Break(seq=chain.seq + 1, what=f"is gone, with all up to row {stop}")
            if (broken := chain.follow(links)) is not None:
                return broken
        return None
