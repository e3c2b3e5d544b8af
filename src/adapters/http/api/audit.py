"""The audit log, for those who answer for the school. (ADM-05)"""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from application.oversight.audit import ExportAudit, SearchAudit
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.time import require_utc
from ports.oversight.audit import AuditEntry, AuditFilter
from ports.paging import MAX_LIMIT

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]
Words = Annotated[str | None, QueryParameter(max_length=200, pattern="^[^\\x00]*$")]
CSV: Final = "text/csv"
JSON_LINES: Final = "application/jsonl"
COLUMNS: Final = AuditEntry.__struct_fields__


class AuditEntryOut(msgspec.Struct, kw_only=True):
    """``seq`` numbers all academies' entries in one row: there are gaps where others acted."""

    seq: int
    at: datetime
    actor_id: UUID | None
    actor_name: str | None
    role: str | None
    audience: str | None
    impersonator_id: UUID | None
    impersonator_name: str | None
    action: str
    subject_kind: str
    subject_id: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    request_id: str

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryOut":
        return cls(**msgspec.structs.asdict(entry))


class AuditPageOut(msgspec.Struct, kw_only=True):
    items: list[AuditEntryOut]
    next_cursor: str | None


class AuditController(Controller):
    path = "/api/v1/staff/audit"
    tags = ("oversight",)

    @get("/", needs=Permission.SEE_AUDIT, summary="Who did what, newest first")
    async def search(
        self,
        request: Req,
        search_audit: NamedDependency[SearchAudit],
        actor: FromQuery[UUID | None] = None,
        action: Words = None,
        subject_kind: Words = None,
        subject_id: Words = None,
        text: Words = None,
        since: FromQuery[datetime | None] = None,
        until: FromQuery[datetime | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: Limit = 50,
    ) -> AuditPageOut:
        """``action`` is a name (``identity.block``) or a context (``identity``)."""
        wanted = filter_of(actor, action, subject_kind, subject_id, text, since, until)
        page = await search_audit(request.user, wanted, cursor=cursor, limit=limit)
        return AuditPageOut(items=[AuditEntryOut.of(entry) for entry in page.items], next_cursor=page.next_cursor)

    @get("/actions", needs=Permission.SEE_AUDIT, summary="The names of all actions so far")
    async def actions(self, request: Req, search_audit: NamedDependency[SearchAudit]) -> list[str]:
        return list(await search_audit.actions(request.user))

    @get("/export", needs=Permission.SEE_AUDIT, produces=(CSV, JSON_LINES), summary="All that fits, as one file")
    async def export(
        self,
        request: Req,
        export_audit: NamedDependency[ExportAudit],
        format: FromQuery[Literal["csv", "json"]] = "csv",
        actor: FromQuery[UUID | None] = None,
        action: Words = None,
        subject_kind: Words = None,
        subject_id: Words = None,
        text: Words = None,
        since: FromQuery[datetime | None] = None,
        until: FromQuery[datetime | None] = None,
    ) -> Stream:
        """Newest first. JSON comes as one entry a line. That it was taken is written into the log."""
        wanted = filter_of(actor, action, subject_kind, subject_id, text, since, until)
        return audit_file(await export_audit(request.user, wanted), format)


def filter_of(
    actor: UUID | None,
    action: str | None,
    subject_kind: str | None,
    subject_id: str | None,
    text: str | None,
    since: datetime | None,
    until: datetime | None,
) -> AuditFilter:
    return AuditFilter(
        actor_id=UserId(actor) if actor is not None else None,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        text=text,
        since=require_utc(since, "since") if since is not None else None,
        until=require_utc(until, "until") if until is not None else None,
    )


def audit_file(pages: AsyncIterator[Sequence[AuditEntry]], format: Literal["csv", "json"]) -> Stream:
    """The answer that saves as a file; the page of the log uses it too."""
    name, kind = ("audit.csv", f"{CSV}; charset=utf-8") if format == "csv" else ("audit.jsonl", JSON_LINES)
    return Stream(
        _csv(pages) if format == "csv" else _lines(pages),
        media_type=kind,
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"},
    )


async def _lines(pages: AsyncIterator[Sequence[AuditEntry]]) -> AsyncIterator[bytes]:
    async for entries in pages:
        yield b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)


async def _csv(pages: AsyncIterator[Sequence[AuditEntry]]) -> AsyncIterator[bytes]:
    yield _rows([COLUMNS])
    async for entries in pages:
        yield _rows([_cell(getattr(entry, name)) for name in COLUMNS] for entry in entries)


def _rows(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """A spreadsheet takes what starts with one of these for a formula and would run it."""
    if isinstance(value, dict):
        return msgspec.json.encode(value, order="deterministic").decode()
    text = "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


CONTROLLERS_ADMIN = (AuditController,)
