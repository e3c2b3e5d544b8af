"""The pages of an applicant: a form that keeps what is written, and what became of it. (ONB-01, ONB-02)"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from adapters.http.api.onboarding import UPLOAD
from adapters.http.api.onboarding_wire import attachment, attachment_in
from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.landing import APPLICATION, UNDER_REVIEW, landing_of
from adapters.http.requests import Req, signed_in, viewer_of
from adapters.http.templating import page
from adapters.http.text import _, comma
from adapters.http.web.forms import fields_of, told
from adapters.http.web.onboarding_forms import draft_in, field_names, fields_in, shown
from adapters.http.web.qari_availability import day_text
from application.onboarding.apply_for_role import ApplyForRole
from application.onboarding.documents import AttachDocument, ReadOwnDocument, RemoveDocument
from application.onboarding.own_application import OwnApplication, SaveDraft, SeeOwnApplication
from application.onboarding.submit import SubmitApplication, TakeBack
from domain.errors import Conflict, DomainError, Invalid
from domain.identity.permission import Permission, Role
from domain.identity.user import SELF_CHOSEN
from domain.ids import DocumentId
from domain.onboarding.application import Status
from domain.onboarding.errors import Incomplete

DOCUMENTS: Final = f"{APPLICATION}#documents"


class OnboardingController(Controller):
    path = APPLICATION
    include_in_schema = False

    @get("/", needs=Permission.APPLY)
    async def form(self, request: Req, see_own_application: NamedDependency[SeeOwnApplication]) -> Response[Any]:
        own = await see_own_application(request.user)
        if own.application.status is Status.SUBMITTED:
            return redirect(request, UNDER_REVIEW)
        if own.application.status is Status.APPROVED or _home(request) != APPLICATION:
            return page(request, "onboarding/approved.html", own=own, home=_home(request), roles=_others(request))
        return _form(request, own)

    @post("/", needs=Permission.APPLY, status_code=200)
    async def write(
        self,
        request: Req,
        save_draft: NamedDependency[SaveDraft],
        submit_application: NamedDependency[SubmitApplication],
        see_own_application: NamedDependency[SeeOwnApplication],
    ) -> Response[Any]:
        """``intent``: ``save`` keeps the draft, ``submit`` hands it in, ``autosave`` comes from the page itself."""
        fields = fields_in(await request.form())
        intent = "".join(fields.get("intent", ["save"]))
        try:
            command, wrong = draft_in(fields, request.user.role)
            own = await save_draft(request.user, command)
            if intent == "autosave":
                return Response({"saved": not wrong, "wrong": sorted(wrong)})
            if wrong:
                return _form(request, own, wrong)
            if intent == "submit":
                own = await submit_application(request.user)
        except Conflict as error:
            return redirect(request, APPLICATION, told(error), "problem")
        except Invalid as error:
            own = await see_own_application(request.user)
            return _form(request, own, {str(error.details.get("field", "form")): error})
        if own.application.status is Status.APPROVED:
            return redirect(
                request, landing_of(request.user.role, own.application.onboarding), _("Welcome! You are in.")
            )
        if own.application.status is Status.SUBMITTED:
            return redirect(request, UNDER_REVIEW, _("Thank you. We have your application."))
        return redirect(request, APPLICATION, _("Your answers are kept. Come back whenever you like."))

    @get("/under-review", needs=Permission.APPLY)
    async def waiting(self, request: Req, see_own_application: NamedDependency[SeeOwnApplication]) -> Response[Any]:
        own = await see_own_application(request.user)
        if own.application.status is not Status.SUBMITTED:
            return redirect(request, APPLICATION)
        return page(request, "onboarding/under_review.html", own=own, roles=_others(request))

    @post("/take-back", needs=Permission.APPLY, status_code=303)
    async def take_back(self, request: Req, take_back: NamedDependency[TakeBack]) -> Response[Any]:
        try:
            await take_back(request.user)
        except DomainError as error:
            return redirect(request, APPLICATION, told(error), "problem")
        return redirect(request, APPLICATION, _("It is yours again. Hand it in when you are done."), "notice")

    @post("/documents", needs=Permission.APPLY, status_code=303, request_max_body_size=UPLOAD)
    async def attach(self, request: Req, attach_document: NamedDependency[AttachDocument]) -> Response[Any]:
        try:
            await attach_document(request.user, await attachment_in(await request.form()))
        except (Invalid, Conflict) as error:
            return redirect(request, DOCUMENTS, told(error), "problem")
        return redirect(request, DOCUMENTS, _("The document is attached."))

    @get("/documents/{document_id:uuid}", needs=Permission.APPLY)
    async def read(
        self, request: Req, document_id: FromPath[UUID], read_own_document: NamedDependency[ReadOwnDocument]
    ) -> Response[Any]:
        return attachment(*await read_own_document(request.user, DocumentId(document_id)))

    @post("/documents/{document_id:uuid}/remove", needs=Permission.APPLY, status_code=303)
    async def remove(
        self, request: Req, document_id: FromPath[UUID], remove_document: NamedDependency[RemoveDocument]
    ) -> Response[Any]:
        try:
            await remove_document(request.user, DocumentId(document_id))
        except Conflict as error:
            return redirect(request, DOCUMENTS, told(error), "problem")
        return redirect(request, DOCUMENTS, _("The document is taken away."))

    @post("/roles", needs=Permission.APPLY, status_code=303)
    async def apply_for(self, request: Req, apply_for_role: NamedDependency[ApplyForRole]) -> Response[Any]:
        wanted = (await fields_of(request)).get("role", "")
        role = next((role for role in SELF_CHOSEN if role.value == wanted), None)
        if role is None:
            return redirect(request, APPLICATION, _("Choose what you want to apply as."), "problem")
        try:
            await apply_for_role(request.user, role)
        except DomainError as error:
            return redirect(request, APPLICATION, told(error), "problem")
        return redirect(request, "/account/acting-as", _("Choose the new role to write your application."), "notice")


def _form(request: Req, own: OwnApplication, wrong: Mapping[str, Invalid] | None = None) -> Response[Any]:
    """After a refusal the page says what is wrong and where."""
    viewer, qari = viewer_of(request), own.application.role is Role.QARI
    names, errors = field_names(), {field: told(error) for field, error in (wrong or {}).items()}
    for error in (wrong or {}).values():
        if isinstance(error, Incomplete):
            missing = error.details["missing"]
            errors = dict.fromkeys(missing, _("Please answer this."))
            words = comma().join(names.get(name, name) for name in missing)
            errors["form"] = _("Still missing: {fields}.", fields=words)
    if errors:
        errors.setdefault("form", " ".join(dict.fromkeys(errors.values())))
    return page(
        request,
        "onboarding/qari.html" if qari else "onboarding/learner.html",
        status_code=422 if errors else 200,
        errors=errors,
        weekdays=[day_text(day, "EEE", request) for day in range(7)] if qari else [],
        weekday_names=[day_text(day, "EEEE", request) for day in range(7)] if qari else [],
        **shown(own, viewer.locale),
    )


def _home(request: Req) -> str:
    person = signed_in(request)
    return landing_of(person.role, person.onboarding) if person is not None else "/"


def _others(request: Req) -> list[str]:
    """What one could apply as besides."""
    person = signed_in(request)
    return sorted(role.value for role in SELF_CHOSEN if person is not None and role not in person.roles)


CONTROLLERS_MAIN = (OnboardingController,)
