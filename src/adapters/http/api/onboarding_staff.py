"""The queue of applications, for those who decide. (ONB-04, ADM-03)"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from adapters.http.api.onboarding_wire import DocumentOut, NationalIdOut, attachment, id_of, learner_of, qari_of
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from application.onboarding.documents import ReadDocument
from application.onboarding.review import ApproveApplication, ClaimApplication, RejectApplication, ReleaseApplication
from application.onboarding.see_applications import (
    ApplicationView,
    ListApplications,
    RevealNationalId,
    SeeApplication,
)
from domain.identity.permission import Permission, Role
from domain.ids import ApplicationId, DocumentId, UserId
from domain.onboarding.application import Application, Edition, Status
from domain.onboarding.document import TYPES
from domain.onboarding.forms import LearnerForm, QariForm
from ports.clock import Clock
from ports.onboarding.queries import QueueFilter, QueueItem


class QueueItemOut(msgspec.Struct, kw_only=True):
    """``waits_h``: for how many full hours it has waited for a decision; None when it does not wait."""

    id: UUID
    user_id: UUID
    name: str
    role: Role
    status: str
    edition: int
    submitted_at: datetime | None
    waits_h: int | None
    owner_id: UUID | None
    owner_name: str

    @classmethod
    def of(cls, item: QueueItem, now: datetime) -> "QueueItemOut":
        waiting = item.status is Status.SUBMITTED and item.waits_since is not None
        return cls(
            id=item.id,
            user_id=item.user_id,
            name=item.name,
            role=item.role,
            status=item.status.value,
            edition=item.edition,
            submitted_at=item.waits_since,
            waits_h=int((now - item.waits_since).total_seconds() // 3600) if waiting and item.waits_since else None,
            owner_id=item.owner_id,
            owner_name=item.owner_name,
        )


class QueueOut(msgspec.Struct):
    items: list[QueueItemOut]
    next_cursor: str | None


class EditionOut(msgspec.Struct, kw_only=True):
    edition: int
    submitted_at: datetime
    outcome: str
    decided_at: datetime | None
    reason: str
    learner: LearnerForm | None
    qari: QariForm | None

    @classmethod
    def of(cls, edition: Edition) -> "EditionOut":
        return cls(
            edition=edition.edition,
            submitted_at=edition.submitted_at,
            outcome=edition.outcome.value,
            decided_at=edition.decided_at,
            reason=edition.reason,
            learner=learner_of(edition.form),
            qari=qari_of(edition.form),
        )


class ReviewOut(msgspec.Struct, kw_only=True):
    """``editions``: all that was handed in, newest first."""

    item: QueueItemOut
    learner: LearnerForm | None
    qari: QariForm | None
    national_id: NationalIdOut | None
    documents: list[DocumentOut]
    editions: list[EditionOut]
    reason: str

    @classmethod
    def of(cls, seen: ApplicationView, now: datetime) -> "ReviewOut":
        return cls(
            item=QueueItemOut.of(seen.item, now),
            learner=learner_of(seen.application.form),
            qari=qari_of(seen.application.form),
            national_id=id_of(seen.application),
            documents=[DocumentOut.of(document) for document in seen.documents],
            editions=[EditionOut.of(edition) for edition in seen.editions],
            reason=seen.application.reason,
        )


class DecidedOut(msgspec.Struct, kw_only=True):
    id: UUID
    status: str
    owner_id: UUID | None
    decided_by: UUID | None
    reason: str

    @classmethod
    def of(cls, application: Application) -> "DecidedOut":
        return cls(
            id=application.id,
            status=application.status.value,
            owner_id=application.owner_id,
            decided_by=application.decided_by,
            reason=application.reason,
        )


class ClaimIn(msgspec.Struct, forbid_unknown_fields=True):
    """``over``: take it from a colleague."""

    over: bool = False


class ApproveIn(msgspec.Struct, forbid_unknown_fields=True):
    """``note`` is for the record alone."""

    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class RejectIn(msgspec.Struct, forbid_unknown_fields=True):
    """``reason`` is read by the applicant."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class RevealedOut(msgspec.Struct):
    national_id: str


class ReviewController(Controller):
    path = "/api/v1/staff/applications"
    tags = ("onboarding",)

    @get("/", needs=Permission.SEE_APPLICATIONS, summary="The queue of applications")
    async def queue(
        self,
        request: Req,
        clock: NamedDependency[Clock],
        list_applications: NamedDependency[ListApplications],
        status: FromQuery[Literal["draft", "submitted", "approved", "rejected"]] = "submitted",
        role: FromQuery[Literal["student", "guardian", "qari"] | None] = None,
        owner: FromQuery[Literal["me", "nobody"] | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> QueueOut:
        """What waits, longest first. ``owner``: taken by me, or by nobody yet."""
        wanted = QueueFilter(
            status=Status(status),
            role=Role(role) if role is not None else None,
            owner_id=UserId(request.user.user_id) if owner == "me" else None,
            unowned=owner == "nobody",
        )
        found = await list_applications(request.user, wanted, cursor=cursor)
        return QueueOut([QueueItemOut.of(item, clock.now()) for item in found.items], found.next_cursor)

    @get("/{application_id:uuid}", needs=Permission.SEE_APPLICATIONS, summary="One application")
    async def one(
        self,
        request: Req,
        application_id: FromPath[UUID],
        clock: NamedDependency[Clock],
        see_application: NamedDependency[SeeApplication],
    ) -> ReviewOut:
        return ReviewOut.of(await see_application(request.user, ApplicationId(application_id)), clock.now())

    @post("/{application_id:uuid}/claim", needs=Permission.REVIEW_APPLICATIONS, status_code=200, summary="Take it")
    async def claim(
        self,
        request: Req,
        application_id: FromPath[UUID],
        data: JSONBody[ClaimIn],
        claim_application: NamedDependency[ClaimApplication],
    ) -> DecidedOut:
        """409 ``application_claimed`` while a colleague has it, unless it is taken over."""
        return DecidedOut.of(await claim_application(request.user, ApplicationId(application_id), over=data.over))

    @post("/{application_id:uuid}/release", needs=Permission.REVIEW_APPLICATIONS, status_code=200, summary="Leave it")
    async def release(
        self, request: Req, application_id: FromPath[UUID], release_application: NamedDependency[ReleaseApplication]
    ) -> DecidedOut:
        return DecidedOut.of(await release_application(request.user, ApplicationId(application_id)))

    @post("/{application_id:uuid}/approve", needs=Permission.REVIEW_APPLICATIONS, status_code=200, summary="Approve")
    async def approve(
        self,
        request: Req,
        application_id: FromPath[UUID],
        data: JSONBody[ApproveIn],
        approve_application: NamedDependency[ApproveApplication],
    ) -> DecidedOut:
        """A Qari's weekly hours become his calendar. 409 ``illegal_transition`` for one that is decided."""
        return DecidedOut.of(await approve_application(request.user, ApplicationId(application_id), data.note))

    @post("/{application_id:uuid}/reject", needs=Permission.REVIEW_APPLICATIONS, status_code=200, summary="Reject")
    async def reject(
        self,
        request: Req,
        application_id: FromPath[UUID],
        data: JSONBody[RejectIn],
        reject_application: NamedDependency[RejectApplication],
    ) -> DecidedOut:
        return DecidedOut.of(await reject_application(request.user, ApplicationId(application_id), data.reason))

    @get(
        "/{application_id:uuid}/documents/{document_id:uuid}",
        needs=Permission.SEE_DOCUMENTS,
        produces=tuple(TYPES),
        summary="Read a document",
    )
    async def document(
        self,
        request: Req,
        application_id: FromPath[UUID],
        document_id: FromPath[UUID],
        read_document: NamedDependency[ReadDocument],
    ) -> Response[bytes]:
        """That it was read is written into the audit log."""
        found = await read_document(request.user, ApplicationId(application_id), DocumentId(document_id))
        return attachment(*found)

    @post(
        "/{application_id:uuid}/national-id",
        needs=Permission.SEE_DOCUMENTS,
        status_code=200,
        summary="Read the national id in full",
    )
    async def national_id(
        self, request: Req, application_id: FromPath[UUID], reveal_national_id: NamedDependency[RevealNationalId]
    ) -> Response[RevealedOut]:
        """That it was read is written into the audit log; so this is a write."""
        number = await reveal_national_id(request.user, ApplicationId(application_id))
        return Response(RevealedOut(number), headers={"cache-control": "no-store"})


CONTROLLERS_ADMIN = (ReviewController,)
