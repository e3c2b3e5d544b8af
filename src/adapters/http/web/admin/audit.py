"""The audit log as pages: who did what to whom, and why. (ADM-05)"""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from adapters.http.api.audit import audit_file
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.admin.audit_words import action_name, subject_name
from adapters.http.web.forms import address, id_of, next_page
from application.oversight.audit import ExportAudit, SearchAudit
from application.oversight.people import SeePerson
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.oversight.differences import differences
from domain.time import instant
from ports.oversight.audit import AuditFilter


class AdminAuditController(Controller):
    include_in_schema = False

    @get("/audit", needs=Permission.SEE_AUDIT)
    async def log(
        self,
        request: Req,
        search_audit: NamedDependency[SearchAudit],
        actor: FromQuery[str] = "",
        action: FromQuery[str] = "",
        text: FromQuery[str] = "",
        since: FromQuery[str] = "",
        until: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        values = {"actor": actor, "action": action, "text": text, "since": since, "until": until}
        wanted, errors = _filter(request, values)
        found = await search_audit(request.user, wanted, cursor=cursor)
        return page(
            request,
            "admin/audit.html",
            status_code=400 if errors else 200,
            entries=_shown(found.items),
            actions=sorted(
                ((action, action_name(action)) for action in await search_audit.actions(request.user)),
                key=lambda each: each[1],
            ),
            values=values,
            errors=errors,
            narrowed=any(values.values()),
            next=next_page("/audit", found.next_cursor, **values),
            first=address("/audit", **values) if cursor else None,
            csv=address("/audit/export", **values, format="csv"),
            json=address("/audit/export", **values, format="json"),
        )

    @get("/audit/export", needs=Permission.SEE_AUDIT)
    async def export(
        self,
        request: Req,
        export_audit: NamedDependency[ExportAudit],
        format: FromQuery[str] = "csv",
        actor: FromQuery[str] = "",
        action: FromQuery[str] = "",
        text: FromQuery[str] = "",
        since: FromQuery[str] = "",
        until: FromQuery[str] = "",
    ) -> Stream:
        values = {"actor": actor, "action": action, "text": text, "since": since, "until": until}
        wanted, _errors = _filter(request, values)
        return audit_file(await export_audit(request.user, wanted), "json" if format == "json" else "csv")

    @get("/people/{user_id:uuid}/history", needs=Permission.SEE_AUDIT)
    async def of_person(
        self,
        request: Req,
        user_id: FromPath[UUID],
        see_person: NamedDependency[SeePerson],
        search_audit: NamedDependency[SearchAudit],
        done: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        """What was done to somebody; or, with ``done``, what he did."""
        person = await see_person(request.user, UserId(user_id))
        wanted = AuditFilter(actor_id=person.user_id) if done else AuditFilter(subject_id=str(person.user_id))
        found = await search_audit(request.user, wanted, cursor=cursor)
        here = f"/people/{user_id}/history"
        return page(
            request,
            "admin/person_history.html",
            person=person,
            tab="history",
            done=bool(done),
            entries=_shown(found.items),
            next=next_page(here, found.next_cursor, done=done),
            first=address(here, done=done) if cursor else None,
        )


def _shown(entries: Any) -> list[Any]:
    """Each with what changed, field by field, and its names."""
    return [
        (entry, differences(entry.before, entry.after), action_name(entry.action), subject_name(entry.subject_kind))
        for entry in entries
    ]


def _filter(request: Req, values: dict[str, str]) -> tuple[AuditFilter, dict[str, str]]:
    zone = viewer_of(request).zone
    since, until = _day(values["since"], zone), _day(values["until"], zone, 1)
    errors = {
        name: _("Write a date as 2026-03-31.")
        for name, read in (("since", since), ("until", until))
        if values[name] and read is None
    }
    if values["actor"] and id_of(values["actor"]) is None:
        errors["actor"] = _("This is not the number of a person.")
    actor = id_of(values["actor"])
    wanted = AuditFilter(
        actor_id=UserId(actor) if actor is not None else None,
        action=values["action"] or None,
        text=values["text"].strip() or None,
        since=since,
        until=until,
    )
    return wanted, errors


def _day(text: str, zone: str, plus: int = 0) -> datetime | None:
    try:
        return instant(date.fromisoformat(text) + timedelta(days=plus), time(), zone)
    except (ValueError, OverflowError):
        return None
