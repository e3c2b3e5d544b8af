"""An applicant's own application, bit by bit, until it is decided. (ONB-01…03, ONB-05, ONB-07)"""

from typing import Final
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody

from adapters.http.api.onboarding_wire import (
    ApplicationOut,
    DocumentOut,
    LearnerFormIn,
    PlacementOut,
    QariFormIn,
    RoleIn,
    RolesOut,
    attachment,
    attachment_in,
)
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.text import _
from application.onboarding.apply_for_role import ApplyForRole
from application.onboarding.documents import AttachDocument, ReadOwnDocument, RemoveDocument
from application.onboarding.own_application import DraftCommand, SaveDraft, SeeOwnApplication
from application.onboarding.submit import SubmitApplication, TakeBack
from application.onboarding.trials import SeePlacement
from domain.errors import NotFound
from domain.identity.permission import Permission, Role
from domain.ids import DocumentId
from domain.onboarding.document import LARGEST, TYPES

UPLOAD: Final = LARGEST + 64 * 1024
"""A file and the form around it."""


class ApplicationController(Controller):
    """Always of the role that one acts in."""

    path = "/api/v1/onboarding"
    tags = ("onboarding",)

    @get("/application", needs=Permission.APPLY, summary="My application")
    async def show(self, request: Req, see_own_application: NamedDependency[SeeOwnApplication]) -> ApplicationOut:
        return ApplicationOut.of(await see_own_application(request.user))

    @put("/application/learner", needs=Permission.APPLY, summary="Save my answers as a student or guardian")
    async def save_learner(
        self, request: Req, data: JSONBody[LearnerFormIn], save_draft: NamedDependency[SaveDraft]
    ) -> ApplicationOut:
        """As often as one likes; 409 ``application_locked`` once it is handed in."""
        return ApplicationOut.of(await save_draft(request.user, DraftCommand(form=data.form())))

    @put("/application/qari", needs=Permission.APPLY, summary="Save my answers as a Qari")
    async def save_qari(
        self, request: Req, data: JSONBody[QariFormIn], save_draft: NamedDependency[SaveDraft]
    ) -> ApplicationOut:
        """422 ``bad_national_id`` for a number that is not one of its country."""
        command = DraftCommand(form=data.form(), id_country=data.id_country, national_id=data.national_id)
        return ApplicationOut.of(await save_draft(request.user, command))

    @post("/application/submit", needs=Permission.APPLY, status_code=200, summary="Hand it in")
    async def submit(self, request: Req, submit_application: NamedDependency[SubmitApplication]) -> ApplicationOut:
        """422 ``application_incomplete`` names what is ``missing``. Without a review it is approved at once."""
        return ApplicationOut.of(await submit_application(request.user))

    @post("/application/take-back", needs=Permission.APPLY, status_code=200, summary="Take it back to change it")
    async def take_back(self, request: Req, take_back: NamedDependency[TakeBack]) -> ApplicationOut:
        """Before it is decided; handed in again it is the next edition."""
        return ApplicationOut.of(await take_back(request.user))

    @post("/application/documents", needs=Permission.APPLY, request_max_body_size=UPLOAD, summary="Attach a document")
    async def attach(
        self,
        request: Req,
        attach_document: NamedDependency[AttachDocument],
    ) -> DocumentOut:
        """Multipart, with the fields ``kind`` and ``file``: a PDF, JPEG, PNG or WebP file of 8 MB at most."""
        return DocumentOut.of(await attach_document(request.user, await attachment_in(await request.form())))

    @get(
        "/application/documents/{document_id:uuid}",
        needs=Permission.APPLY,
        produces=tuple(TYPES),
        summary="Read my document",
    )
    async def read(
        self, request: Req, document_id: FromPath[UUID], read_own_document: NamedDependency[ReadOwnDocument]
    ) -> Response[bytes]:
        return attachment(*await read_own_document(request.user, DocumentId(document_id)))

    @delete("/application/documents/{document_id:uuid}", needs=Permission.APPLY, summary="Take a document away")
    async def remove(
        self, request: Req, document_id: FromPath[UUID], remove_document: NamedDependency[RemoveDocument]
    ) -> None:
        await remove_document(request.user, DocumentId(document_id))

    @post("/roles", needs=Permission.APPLY, summary="Apply for another role")
    async def apply_for(
        self, request: Req, data: JSONBody[RoleIn], apply_for_role: NamedDependency[ApplyForRole]
    ) -> RolesOut:
        """The account has the role from now on; what is gated in it opens with the approval."""
        return RolesOut(sorted((await apply_for_role(request.user, Role(data.role))).roles))

    @get("/placement", needs=Permission.APPLY, summary="Where I stand")
    async def placement(self, request: Req, see_placement: NamedDependency[SeePlacement]) -> PlacementOut:
        """404 before the application as a student is approved."""
        found = await see_placement(request.user, request.user.user_id)
        if found is None:
            raise NotFound(_("there is no placement yet"))
        return PlacementOut.of(found)


CONTROLLERS_MAIN = (ApplicationController,)
