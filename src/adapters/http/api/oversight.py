"""The machinery, for staff: scheduled jobs, what waits, what is stuck."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from application.oversight.jobs import ListDeadTasks, ReviveDelivery, ReviveTask, ShowJobHealth
from application.oversight.see_alerts import SeeAlerts
from domain.identity.permission import Permission
from domain.ids import DeliveryId, EventId
from domain.oversight.alert import Alert, Rule
from ports.paging import MAX_LIMIT

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]


class JobOut(msgspec.Struct, kw_only=True):
    name: str
    last_started_at: datetime | None
    last_finished_at: datetime | None
    last_ok_at: datetime | None
    last_error: str
    last_count: int
    failures_in_a_row: int
    running: bool


class BacklogOut(msgspec.Struct, kw_only=True):
    queue: str
    waiting: int
    dead: int
    oldest_due_at: datetime | None


class JobHealthOut(msgspec.Struct, kw_only=True):
    jobs: list[JobOut]
    backlogs: list[BacklogOut]


class DeadTaskOut(msgspec.Struct, kw_only=True):
    event_id: UUID
    subscriber: str
    event_type: str
    attempts: int
    error: str
    created_at: datetime
    died_at: datetime


class DeadTaskPageOut(msgspec.Struct, kw_only=True):
    items: list[DeadTaskOut]
    next_cursor: str | None


class AlertOut(msgspec.Struct, kw_only=True):
    """``until``: null while it is true. ``subject`` names the queue, job or service."""

    id: UUID
    rule: Rule
    subject: str
    number: int
    since: datetime
    until: datetime | None

    @classmethod
    def of(cls, alert: Alert) -> "AlertOut":
        return cls(
            id=alert.id,
            rule=alert.rule,
            subject=alert.subject,
            number=alert.number,
            since=alert.since,
            until=alert.until,
        )


class AlertsOut(msgspec.Struct, kw_only=True):
    """``standing``: what needs a person now; ``past`` comes a page at a time, newest first."""

    standing: list[AlertOut]
    past: list[AlertOut]
    next_cursor: str | None


class AlertController(Controller):
    path = "/api/v1/alerts"
    tags = ("oversight",)

    @get("/", needs=Permission.SEE_JOBS, summary="What needs a person, now and before")
    async def alerts(
        self,
        request: Req,
        see_alerts: NamedDependency[SeeAlerts],
        cursor: FromQuery[str | None] = None,
        limit: Limit = 50,
    ) -> AlertsOut:
        found = await see_alerts(request.user, cursor=cursor, limit=limit)
        return AlertsOut(
            standing=[AlertOut.of(alert) for alert in found.standing],
            past=[AlertOut.of(alert) for alert in found.past.items],
            next_cursor=found.past.next_cursor,
        )


class JobController(Controller):
    path = "/api/v1/jobs"
    tags = ("oversight",)

    @get("/", needs=Permission.SEE_JOBS, summary="How the scheduled jobs do")
    async def health(self, request: Req, show_job_health: NamedDependency[ShowJobHealth]) -> JobHealthOut:
        health = await show_job_health(request.user)
        return JobHealthOut(
            jobs=[
                JobOut(
                    name=job.name,
                    last_started_at=job.last_started_at,
                    last_finished_at=job.last_finished_at,
                    last_ok_at=job.last_ok_at,
                    last_error=job.last_error,
                    last_count=job.last_count,
                    failures_in_a_row=job.failures_in_a_row,
                    running=job.running_until is not None,
                )
                for job in health.jobs
            ],
            backlogs=[
                BacklogOut(
                    queue=backlog.queue,
                    waiting=backlog.waiting,
                    dead=backlog.dead,
                    oldest_due_at=backlog.oldest_due_at,
                )
                for backlog in health.backlogs
            ],
        )

    @get("/dead-tasks", needs=Permission.SEE_JOBS, summary="Events that a subscriber keeps refusing")
    async def dead(
        self,
        request: Req,
        list_dead_tasks: NamedDependency[ListDeadTasks],
        cursor: FromQuery[str | None] = None,
        limit: Limit = 50,
    ) -> DeadTaskPageOut:
        page = await list_dead_tasks(request.user, cursor=cursor, limit=limit)
        return DeadTaskPageOut(
            items=[DeadTaskOut(**msgspec.structs.asdict(task)) for task in page.items], next_cursor=page.next_cursor
        )

    @post(
        "/dead-tasks/{event_id:uuid}/{subscriber:str}/revive",
        needs=Permission.REPLAY_WEBHOOKS,
        status_code=202,
        summary="Try a dead task again",
    )
    async def revive(
        self,
        request: Req,
        event_id: FromPath[UUID],
        subscriber: FromPath[str],
        revive_task: NamedDependency[ReviveTask],
    ) -> None:
        await revive_task(request.user, EventId(event_id), subscriber)

    @post(
        "/dead-messages/{delivery_id:uuid}/revive",
        needs=Permission.REPLAY_WEBHOOKS,
        status_code=202,
        summary="Try a dead message again",
    )
    async def revive_message(
        self, request: Req, delivery_id: FromPath[UUID], revive_delivery: NamedDependency[ReviveDelivery]
    ) -> None:
        await revive_delivery(request.user, DeliveryId(delivery_id))


CONTROLLERS_ADMIN = (JobController, AlertController)
