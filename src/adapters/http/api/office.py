"""Settings, queues and health, for staff. (ADM-03, ADM-06)"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.web.admin.health import probes_of
from application.oversight.health import ShowHealth
from application.oversight.queues import ClaimItem, CountQueues, ListQueue, ReleaseItem
from application.oversight.settings import (
    ChangeSettings,
    Edition,
    ListSettings,
    RevertSettings,
    SeeSettings,
    SettingsHistory,
)
from domain.errors import NotFound
from domain.identity.permission import Permission
from domain.oversight.differences import plain
from domain.oversight.queues import Queue
from ports.paging import MAX_LIMIT

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]
Version = Annotated[int | None, QueryParameter(ge=0, lt=2**31)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]


class EditionOut(msgspec.Struct, kw_only=True):
    """``version`` 0 is what the product comes with; it has no time and no author."""

    kind: str
    version: int
    value: dict[str, Any]
    at: datetime | None
    by: UUID | None
    reason: str

    @classmethod
    def of(cls, edition: Edition) -> "EditionOut":
        return cls(
            kind=edition.kind,
            version=edition.version,
            value=plain(edition.value),
            at=edition.at,
            by=edition.by,
            reason=edition.reason,
        )


class EditionsOut(msgspec.Struct):
    items: list[EditionOut]


class ChangeOut(msgspec.Struct, kw_only=True):
    path: str
    before: Any
    after: Any


class StepOut(msgspec.Struct, kw_only=True):
    """``usable``: it fits today's rules and can be put back."""

    version: int
    at: datetime
    by: UUID | None
    by_name: str
    reason: str
    changes: list[ChangeOut]
    usable: bool


class HistoryOut(msgspec.Struct, kw_only=True):
    items: list[StepOut]
    next_cursor: str | None


class SettingsIn(msgspec.Struct, forbid_unknown_fields=True):
    """``value`` is the whole document; ``based_on`` the version it was made from."""

    value: dict[str, Any]
    based_on: Annotated[int, msgspec.Meta(ge=0)]
    reason: Reason


class RevertIn(msgspec.Struct, forbid_unknown_fields=True):
    version: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    based_on: Annotated[int, msgspec.Meta(ge=0)]
    reason: Reason


class StaffSettingsController(Controller):
    path = "/api/v1/staff/settings"
    tags = ("oversight",)

    @get("/", needs=Permission.SEE_SETTINGS, summary="All settings as they are")
    async def all(self, request: Req, list_settings: NamedDependency[ListSettings]) -> EditionsOut:
        return EditionsOut([EditionOut.of(edition) for edition in await list_settings(request.user)])

    @get("/{kind:str}", needs=Permission.SEE_SETTINGS, summary="One document, or one of its versions")
    async def one(
        self,
        request: Req,
        kind: FromPath[str],
        see_settings: NamedDependency[SeeSettings],
        version: Version = None,
    ) -> EditionOut:
        return EditionOut.of(await see_settings(request.user, kind, version))

    @get("/{kind:str}/history", needs=Permission.SEE_SETTINGS, summary="Who changed what, and why")
    async def history(
        self,
        request: Req,
        kind: FromPath[str],
        settings_history: NamedDependency[SettingsHistory],
        cursor: FromQuery[str | None] = None,
        limit: Limit = 20,
    ) -> HistoryOut:
        page = await settings_history(request.user, kind, cursor=cursor, limit=limit)
        steps = [
            StepOut(
                version=step.version,
                at=step.at,
                by=step.by,
                by_name=step.by_name,
                reason=step.reason,
                changes=[ChangeOut(**msgspec.structs.asdict(change)) for change in step.changes],
                usable=step.usable,
            )
            for step in page.items
        ]
        return HistoryOut(items=steps, next_cursor=page.next_cursor)

    @put("/{kind:str}", needs=Permission.SET_POLICIES, summary="Put the next version into effect")
    async def change(
        self,
        request: Req,
        kind: FromPath[str],
        data: JSONBody[SettingsIn],
        change_settings: NamedDependency[ChangeSettings],
    ) -> EditionOut:
        """409 ``stale_write`` when ``based_on`` is not the version in effect."""
        return EditionOut.of(
            await change_settings(request.user, kind, data.value, based_on=data.based_on, reason=data.reason)
        )

    @post("/{kind:str}/revert", needs=Permission.SET_POLICIES, status_code=200, summary="Put an older version back")
    async def revert(
        self,
        request: Req,
        kind: FromPath[str],
        data: JSONBody[RevertIn],
        revert_settings: NamedDependency[RevertSettings],
    ) -> EditionOut:
        """As the next version: history only grows."""
        return EditionOut.of(
            await revert_settings(request.user, kind, data.version, based_on=data.based_on, reason=data.reason)
        )


class QueueOut(msgspec.Struct, kw_only=True):
    name: Queue
    waiting: int
    oldest: datetime | None


class QueuesOut(msgspec.Struct):
    """``at``: when they were counted, half a minute ago at most."""

    items: list[QueueOut]
    at: datetime


class QueueItemOut(msgspec.Struct, kw_only=True):
    """``since`` is its age; ``subject`` the lesson, payment, application or webhook it is about."""

    item: str
    subject: str
    about: str
    since: datetime
    owner_id: UUID | None
    owner_name: str | None


class QueuePageOut(msgspec.Struct, kw_only=True):
    items: list[QueueItemOut]
    next_cursor: str | None


class ItemIn(msgspec.Struct, forbid_unknown_fields=True):
    """``over``: take it from whoever has it."""

    item: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern="^[^\\x00]+$")]
    over: bool = False


class StaffQueueController(Controller):
    path = "/api/v1/staff/queues"
    tags = ("oversight",)

    @get("/", needs=Permission.SEE_BOOKINGS, summary="What waits for a person")
    async def all(self, request: Req, count_queues: NamedDependency[CountQueues]) -> QueuesOut:
        """The queues that the reader may see."""
        counted = await count_queues(request.user)
        return QueuesOut(
            [
                QueueOut(name=queue, waiting=length.waiting, oldest=length.oldest)
                for queue, length in counted.value.items()
            ],
            counted.at,
        )

    @get("/{name:str}", needs=Permission.SEE_BOOKINGS, summary="One queue, oldest first")
    async def one(
        self,
        request: Req,
        name: FromPath[str],
        list_queue: NamedDependency[ListQueue],
        cursor: FromQuery[str | None] = None,
        limit: Limit = 50,
    ) -> QueuePageOut:
        page = await list_queue(request.user, _queue(name), cursor=cursor, limit=limit)
        return QueuePageOut(
            items=[
                QueueItemOut(
                    item=item.item,
                    subject=item.subject,
                    about=item.about,
                    since=item.since,
                    owner_id=item.owner_id,
                    owner_name=item.owner_name,
                )
                for item in page.items
            ],
            next_cursor=page.next_cursor,
        )

    @put("/{name:str}/owner", needs=Permission.REFUND, status_code=204, summary="Take something on")
    async def claim(
        self, request: Req, name: FromPath[str], data: JSONBody[ItemIn], claim_item: NamedDependency[ClaimItem]
    ) -> None:
        """409 ``taken_on`` when somebody else has it. Who may settle it may own it; others are answered 403."""
        await claim_item(request.user, _queue(name), data.item, over=data.over)

    @delete("/{name:str}/owner", needs=Permission.REFUND, status_code=204, summary="Give something back")
    async def release(
        self, request: Req, name: FromPath[str], item: FromQuery[str], release_item: NamedDependency[ReleaseItem]
    ) -> None:
        await release_item(request.user, _queue(name), item)


class AnswerOut(msgspec.Struct):
    name: str
    good: bool


class HealthOut(msgspec.Struct, kw_only=True):
    at: datetime
    good: bool
    answers: list[AnswerOut]
    worker_at: datetime | None
    failing_jobs: list[str]
    disk_free_percent: int
    backup_at: datetime | None
    troubled_services: list[str]


@get("/api/v1/staff/health", needs=Permission.SEE_JOBS, tags=["oversight"], summary="Does everything answer?")
async def staff_health(request: Req, show_health: NamedDependency[ShowHealth]) -> HealthOut:
    """Database, Redis, the worker, the queues, the mail, the disk."""
    health = await show_health(request.user, probes_of(request))
    answers = [AnswerOut(name, good) for name, good in health.answers.items()]
    answers.append(AnswerOut("worker", health.works))
    answers.extend(AnswerOut(each.queue, health.keeps_up(each) and not each.dead) for each in health.backlogs)
    answers.append(AnswerOut("disk", health.has_room))
    answers.append(AnswerOut("backup", health.is_backed_up))
    return HealthOut(
        at=health.at,
        good=health.good,
        answers=answers,
        worker_at=health.worker_at,
        failing_jobs=list(health.failing),
        disk_free_percent=health.free_percent,
        backup_at=health.backup_at,
        troubled_services=[trouble.gateway for trouble in health.troubles],
    )


def _queue(name: str) -> Queue:
    """Raises NotFound."""
    if name not in list(Queue):
        raise NotFound("there is no such queue")
    return Queue(name)


CONTROLLERS_ADMIN = (StaffSettingsController, StaffQueueController, staff_health)
