"""Whether the machinery turns; what got stuck, and setting it going again."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromQuery

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of, next_page
from application.oversight.jobs import ListDeadTasks, ReviveTask, ShowJobHealth
from domain.errors import DomainError
from domain.identity.permission import Permission
from domain.ids import EventId


class AdminJobsController(Controller):
    path = "/jobs"
    include_in_schema = False

    @get("/", needs=Permission.SEE_JOBS)
    async def health(
        self,
        request: Req,
        show_job_health: NamedDependency[ShowJobHealth],
        list_dead_tasks: NamedDependency[ListDeadTasks],
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        dead = await list_dead_tasks(request.user, cursor=cursor)
        return page(
            request,
            "admin/jobs.html",
            health=await show_job_health(request.user),
            dead=dead.items,
            next=next_page("/jobs", dead.next_cursor),
            first="/jobs" if cursor else None,
        )

    @post("/revive", needs=Permission.REPLAY_WEBHOOKS, status_code=303)
    async def revive(self, request: Req, revive_task: NamedDependency[ReviveTask]) -> Response[Any]:
        fields = await fields_of(request)
        try:
            await revive_task(request.user, EventId(UUID(fields.get("event_id", ""))), fields.get("subscriber", ""))
        except ValueError:
            return redirect(request, "/jobs", _("That address names no task."), "problem")
        except DomainError as error:
            return redirect(request, "/jobs", error.message, "problem")
        return redirect(request, "/jobs", _("The task has all its tries again."))
