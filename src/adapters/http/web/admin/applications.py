"""The queue of applications in the office, and the decision on each. (ONB-04, ADM-03)"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery

from adapters.http.api.onboarding_wire import attachment
from adapters.http.ayah import surah_names
from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of, next_page, told
from adapters.http.web.onboarding_forms import (
    countries,
    gender_names,
    goal_names,
    heard_names,
    kind_names,
    languages,
)
from adapters.http.web.qari_availability import day_text
from adapters.http.words import RIWAYAT, subject_options
from application.onboarding.documents import ReadDocument
from application.onboarding.review import ApproveApplication, ClaimApplication, RejectApplication, ReleaseApplication
from application.onboarding.see_applications import (
    ApplicationView,
    ListApplications,
    RevealNationalId,
    SeeApplication,
)
from domain.errors import DomainError, Invalid
from domain.identity.permission import Permission, Role
from domain.identity.user import SELF_CHOSEN
from domain.ids import ApplicationId, DocumentId
from domain.onboarding.application import Status
from ports.onboarding.queries import QueueFilter


class AdminApplicationsController(Controller):
    path = "/applications"
    include_in_schema = False

    @get("/", needs=Permission.SEE_APPLICATIONS)
    async def queue(
        self,
        request: Req,
        list_applications: NamedDependency[ListApplications],
        status: FromQuery[str] = "",
        role: FromQuery[str] = "",
        owner: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        chosen = Status(status) if status in list(Status) else Status.SUBMITTED
        wanted = QueueFilter(
            status=chosen,
            role=Role(role) if role in {one.value for one in SELF_CHOSEN} else None,
            owner_id=request.user.user_id if owner == "me" else None,
            unowned=owner == "nobody",
        )
        found = await list_applications(request.user, wanted, cursor=cursor)
        values = {"status": chosen.value, "role": role, "owner": owner}
        return page(
            request,
            "admin/applications.html",
            items=found.items,
            values=values,
            narrowed=bool(role or owner),
            next=next_page("/applications", found.next_cursor, **values),
            first=next_page("/applications", "", **values) if cursor else None,
        )

    @get("/{application_id:uuid}", needs=Permission.SEE_APPLICATIONS)
    async def one(
        self, request: Req, application_id: FromPath[UUID], see_application: NamedDependency[SeeApplication]
    ) -> Response[Any]:
        return _shown(request, await see_application(request.user, ApplicationId(application_id)))

    @post("/{application_id:uuid}/claim", needs=Permission.REVIEW_APPLICATIONS, status_code=303)
    async def claim(
        self, request: Req, application_id: FromPath[UUID], claim_application: NamedDependency[ClaimApplication]
    ) -> Response[Any]:
        over = bool((await fields_of(request)).get("over"))
        return await _done(
            request,
            application_id,
            claim_application(request.user, ApplicationId(application_id), over=over),
            _("You work on it now."),
        )

    @post("/{application_id:uuid}/release", needs=Permission.REVIEW_APPLICATIONS, status_code=303)
    async def release(
        self, request: Req, application_id: FromPath[UUID], release_application: NamedDependency[ReleaseApplication]
    ) -> Response[Any]:
        return await _done(
            request,
            application_id,
            release_application(request.user, ApplicationId(application_id)),
            _("It waits for a colleague."),
        )

    @post("/{application_id:uuid}/approve", needs=Permission.REVIEW_APPLICATIONS, status_code=303)
    async def approve(
        self, request: Req, application_id: FromPath[UUID], approve_application: NamedDependency[ApproveApplication]
    ) -> Response[Any]:
        return await _done(
            request,
            application_id,
            approve_application(request.user, ApplicationId(application_id)),
            _("Approved; the applicant is told."),
        )

    @get("/{application_id:uuid}/reject", needs=Permission.REVIEW_APPLICATIONS)
    async def reject_form(
        self, request: Req, application_id: FromPath[UUID], see_application: NamedDependency[SeeApplication]
    ) -> Response[Any]:
        seen = await see_application(request.user, ApplicationId(application_id))
        return page(request, "admin/application_reject.html", seen=seen, reason="", error=None)

    @post("/{application_id:uuid}/reject", needs=Permission.REVIEW_APPLICATIONS, status_code=303)
    async def reject(
        self,
        request: Req,
        application_id: FromPath[UUID],
        reject_application: NamedDependency[RejectApplication],
        see_application: NamedDependency[SeeApplication],
    ) -> Response[Any]:
        reason = (await fields_of(request)).get("reason", "")
        try:
            await reject_application(request.user, ApplicationId(application_id), reason)
        except Invalid as error:
            seen = await see_application(request.user, ApplicationId(application_id))
            return page(
                request, "admin/application_reject.html", status_code=422, seen=seen, reason=reason, error=told(error)
            )
        except DomainError as error:
            return redirect(request, f"/applications/{application_id}", told(error), "problem")
        return redirect(request, f"/applications/{application_id}", _("Sent back; the applicant is told why."))

    @get("/{application_id:uuid}/documents/{document_id:uuid}", needs=Permission.SEE_DOCUMENTS)
    async def document(
        self,
        request: Req,
        application_id: FromPath[UUID],
        document_id: FromPath[UUID],
        read_document: NamedDependency[ReadDocument],
    ) -> Response[Any]:
        found = await read_document(request.user, ApplicationId(application_id), DocumentId(document_id))
        return attachment(*found)

    @post("/{application_id:uuid}/national-id", needs=Permission.SEE_DOCUMENTS, status_code=200)
    async def national_id(
        self,
        request: Req,
        application_id: FromPath[UUID],
        reveal_national_id: NamedDependency[RevealNationalId],
        see_application: NamedDependency[SeeApplication],
    ) -> Response[Any]:
        """Shown in this one answer alone, which nobody keeps."""
        number = await reveal_national_id(request.user, ApplicationId(application_id))
        answer = _shown(request, await see_application(request.user, ApplicationId(application_id)), number)
        answer.headers["cache-control"] = "no-store"
        return answer


def _shown(request: Req, seen: ApplicationView, number: str = "") -> Response[Any]:
    lang = viewer_of(request).locale
    words: Mapping[str, Mapping[Any, str]] = {
        "genders": gender_names(),
        "levels": heard_names(),
        "goals": goal_names(),
        "kinds": kind_names(),
        "languages": {code: name for code, name in languages(lang)},  # noqa: C416  (pairs are lists here)
        "countries": {code: name for code, name in countries(lang)},  # noqa: C416
        "surahs": surah_names(lang),
        "subjects": dict(subject_options()),
        "riwayat": {riwayah.value: _(name) for riwayah, name in RIWAYAT.items()},
    }
    return page(
        request,
        "admin/application.html",
        seen=seen,
        is_qari=seen.application.role is Role.QARI,
        mine=seen.item.owner_id == request.user.user_id,
        number=number,
        words=words,
        weekday_names=[day_text(day, "EEEE", request) for day in range(7)],
    )


async def _done(request: Req, application_id: UUID, doing: Any, text: str) -> Response[Any]:
    try:
        await doing
    except DomainError as error:
        return redirect(request, f"/applications/{application_id}", told(error), "problem")
    return redirect(request, f"/applications/{application_id}", text)
