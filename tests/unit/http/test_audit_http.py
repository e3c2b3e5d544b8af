"""The audit log over HTTP: pages, filters, files. (ADM-05)"""

import csv
import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import pytest
from litestar.testing import TestClient

from adapters.http.api.audit import CONTROLLERS_ADMIN
from application.oversight.audit import ExportAudit, SearchAudit
from domain.identity.permission import Audience
from domain.oversight.chain import Link
from fakes.http import ADMIN_TOKEN, NOON, an_app, bearer, provided
from fakes.unit import MemoryStore, MemoryUnit
from ports.oversight.audit import AuditEntry, AuditFilter, AuditHead
from ports.paging import Page, decode_cursor, encode_cursor

URL = "/api/v1/staff/audit"


def an_entry(seq: int, reason: str = "because") -> AuditEntry:
    return AuditEntry(
        seq=seq,
        at=NOON,
        actor_id=UUID(int=1),
        actor_name="Amina Yusuf",
        role="admin",
        audience="admin",
        impersonator_id=None,
        impersonator_name=None,
        action="identity.block",
        subject_kind="user",
        subject_id=str(UUID(int=seq)),
        before={"status": "active"},
        after={"status": "blocked"},
        reason=reason,
        request_id="r1",
    )


class MemoryAudit:
    """Keeps what it was asked."""

    def __init__(self, *entries: AuditEntry) -> None:
        self.entries, self.asked = list(entries), list[AuditFilter]()

    async def search(self, wanted: AuditFilter, *, cursor: str | None = None, limit: int = 50) -> Page[AuditEntry]:
        self.asked.append(wanted)
        start = (decode_cursor(cursor, tuple[int]) or (0,))[0]
        end = start + min(limit, 2)
        return Page(self.entries[start:end], encode_cursor(end) if end < len(self.entries) else None)

    async def actions(self) -> Sequence[str]:
        return sorted({entry.action for entry in self.entries})

    async def links(self, *, after: int, limit: int) -> Sequence[Link]:
        return []

    async def head(self) -> AuditHead:
        return AuditHead(seq=0, hash=bytes(32))


class Office:
    def __init__(self, *entries: AuditEntry) -> None:
        self.store, self.audit = MemoryStore(), MemoryAudit(*entries)
        cases: dict[str, Any] = {
            "search_audit": SearchAudit(self.audit),
            "export_audit": ExportAudit(lambda: MemoryUnit(self.store), self.audit),
        }
        dependencies = {name: provided(case) for name, case in cases.items()}
        self.app = an_app(CONTROLLERS_ADMIN, audience=Audience.ADMIN, dependencies=dependencies)

    def get(self, path: str = "", *, token: str = ADMIN_TOKEN, **params: Any) -> Any:
        with TestClient(self.app) as client:
            return client.get(URL + path, params=params, headers=bearer(token))


def test_the_log_comes_in_pages() -> None:
    office = Office(an_entry(3), an_entry(2), an_entry(1))

    first = office.get().json()
    second = office.get(cursor=first["next_cursor"]).json()

    assert [entry["seq"] for entry in first["items"] + second["items"]] == [3, 2, 1]
    assert second["next_cursor"] is None
    assert first["items"][0]["after"] == {"status": "blocked"}
    assert office.get("/actions").json() == ["identity.block"]


def test_filters_arrive_as_they_were_asked_for() -> None:
    office = Office()

    assert office.get(actor=str(UUID(int=5)), action="identity", text="late", since=NOON.isoformat()).status_code == 200

    [asked] = office.audit.asked
    assert (asked.actor_id, asked.action, asked.text, asked.since) == (UUID(int=5), "identity", "late", NOON)


@pytest.mark.parametrize("bad", [{"since": "2026-01-01T00:00:00"}, {"text": "a\0b"}, {"actor": "me"}, {"limit": 101}])
def test_what_makes_no_sense_is_refused(bad: dict[str, Any]) -> None:
    assert Office().get(**bad).status_code == 422


def test_the_whole_log_as_a_table_runs_nothing_in_a_spreadsheet() -> None:
    office = Office(an_entry(3), an_entry(2, '=HYPERLINK("http://evil.example")'), an_entry(1, 'with "quotes",\nlines'))

    answer = office.get("/export")

    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["seq"] for row in rows] == ["3", "2", "1"]
    assert rows[1]["reason"] == '\'=HYPERLINK("http://evil.example")'
    assert rows[2]["reason"] == 'with "quotes",\nlines'
    assert (rows[0]["before"], rows[0]["impersonator_id"]) == ('{"status":"active"}', "")
    [act] = office.store.acts
    assert act.action == "oversight.export_audit"


def test_the_whole_log_as_json_has_one_entry_a_line() -> None:
    office = Office(an_entry(2), an_entry(1))

    answer = office.get("/export", format="json", action="identity")

    lines = [msgspec.json.decode(line) for line in answer.text.splitlines()]
    assert [line["seq"] for line in lines] == [2, 1]
    assert office.store.acts[0].after == {"action": "identity"}


@pytest.mark.parametrize("path", ["", "/actions", "/export"])
def test_support_does_not_read_the_log(path: str) -> None:
    assert Office().get(path, token="ha_support").status_code == 403
