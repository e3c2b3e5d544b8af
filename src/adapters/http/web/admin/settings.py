"""What the school decides: read, change after a look at the difference, put back. (ADM-06)"""

from typing import Any

import msgspec
from litestar import Controller, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.admin.settings_forms import controls_of, place_of, values_of
from adapters.http.web.admin.settings_words import words_of
from adapters.http.web.forms import fields_of, next_page, told
from application.oversight.branding import SetLogo
from application.oversight.settings import (
    DOCUMENTS,
    ChangeSettings,
    ListSettings,
    RevertSettings,
    SeeSettings,
    SettingsHistory,
    checked,
    require_kind,
)
from domain.errors import Conflict, DomainError, Invalid
from domain.identity.permission import Permission
from domain.oversight.differences import differences, plain


class AdminSettingsController(Controller):
    path = "/settings"
    include_in_schema = False

    @get("/", needs=Permission.SEE_SETTINGS)
    async def index(self, request: Req, list_settings: NamedDependency[ListSettings]) -> Response[Any]:
        editions = await list_settings(request.user)
        return page(
            request,
            "admin/settings.html",
            documents=[(edition, words_of(edition.kind)) for edition in editions],
        )

    @get("/{kind:str}", needs=Permission.SEE_SETTINGS)
    async def document(
        self,
        request: Req,
        kind: FromPath[str],
        see_settings: NamedDependency[SeeSettings],
        settings_history: NamedDependency[SettingsHistory],
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        edition = await see_settings(request.user, kind)
        history = await settings_history(request.user, kind, cursor=cursor)
        return page(
            request,
            "admin/settings_document.html",
            kind=kind,
            words=words_of(kind),
            edition=edition,
            controls=controls_of(DOCUMENTS[kind], plain(edition.value)),
            wrong={},
            steps=history.items,
            next=next_page(f"/settings/{kind}", history.next_cursor),
            first=f"/settings/{kind}" if cursor else None,
        )

    @post("/{kind:str}/review", needs=Permission.SET_POLICIES, status_code=200)
    async def review(
        self, request: Req, kind: FromPath[str], see_settings: NamedDependency[SeeSettings]
    ) -> Response[Any]:
        """What would change, before it does."""
        document = require_kind(kind)
        edition = await see_settings(request.user, kind)
        form = await request.form()
        given: dict[str, Any] = {}
        try:
            given = values_of(document, form)
            value = checked(kind, given)
        except Invalid as error:
            return page(
                request,
                "admin/settings_document.html",
                status_code=422,
                kind=kind,
                words=words_of(kind),
                edition=edition,
                controls=controls_of(document, given or plain(edition.value)),
                wrong={place_of(str(error.details.get("field", ""))): told(error)},
                steps=[],
                next=None,
                first=None,
            )
        changes = differences(edition.value, value)
        if not changes:
            return redirect(request, f"/settings/{kind}", _("Nothing would change."), "notice")
        return page(
            request,
            "admin/settings_review.html",
            kind=kind,
            words=words_of(kind),
            changes=changes,
            document=msgspec.json.encode(value).decode(),
            based_on=form.get("based_on", str(edition.version)),
            version=None,
        )

    @post("/branding/logo", needs=Permission.SET_POLICIES, status_code=303)
    async def logo(self, request: Req, set_logo: NamedDependency[SetLogo]) -> Response[Any]:
        """Without a picture the school's own sign comes back."""
        form = await request.form()
        picture = form.get("picture")
        content = await picture.read() if isinstance(picture, UploadFile) else b""
        try:
            await set_logo(
                request.user,
                content,
                based_on=_number(str(form.get("based_on", ""))),
                reason=str(form.get("reason", ""))[:4000],
            )
        except DomainError as error:
            return redirect(request, "/settings/branding", told(error), "problem")
        return redirect(request, "/settings/branding", _("The logo is in use."))

    @post("/{kind:str}", needs=Permission.SET_POLICIES, status_code=303)
    async def change(
        self, request: Req, kind: FromPath[str], change_settings: NamedDependency[ChangeSettings]
    ) -> Response[Any]:
        fields = await fields_of(request, longest=100_000)
        here = f"/settings/{kind}"
        try:
            given = msgspec.json.decode(fields.get("document", ""), type=dict[str, Any])
            edition = await change_settings(
                request.user,
                kind,
                given,
                based_on=_number(fields.get("based_on", "")),
                reason=fields.get("reason", ""),
            )
        except msgspec.DecodeError:
            return redirect(request, here, _("Change the settings on this page first."), "problem")
        except DomainError as error:
            return redirect(request, here, told(error), "problem")
        return redirect(request, here, _("Version {n} is in effect.", n=edition.version))

    @get("/{kind:str}/versions/{version:int}", needs=Permission.SEE_SETTINGS)
    async def version(
        self,
        request: Req,
        kind: FromPath[str],
        version: FromPath[int],
        see_settings: NamedDependency[SeeSettings],
    ) -> Response[Any]:
        """An older version beside the one in effect."""
        edition = await see_settings(request.user, kind)
        try:
            older = await see_settings(request.user, kind, version)
        except Conflict as error:
            return redirect(request, f"/settings/{kind}", told(error), "problem")
        return page(
            request,
            "admin/settings_review.html",
            kind=kind,
            words=words_of(kind),
            changes=differences(edition.value, older.value),
            document="",
            based_on=edition.version,
            version=version,
        )

    @post("/{kind:str}/revert", needs=Permission.SET_POLICIES, status_code=303)
    async def revert(
        self, request: Req, kind: FromPath[str], revert_settings: NamedDependency[RevertSettings]
    ) -> Response[Any]:
        fields = await fields_of(request)
        here = f"/settings/{kind}"
        try:
            edition = await revert_settings(
                request.user,
                kind,
                _number(fields.get("version", "")),
                based_on=_number(fields.get("based_on", "")),
                reason=fields.get("reason", ""),
            )
        except DomainError as error:
            return redirect(request, here, told(error), "problem")
        return redirect(request, here, _("Version {n} is in effect.", n=edition.version))


def _number(text: str) -> int:
    """Raises Invalid."""
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise Invalid(_("This page is too old. Load it again."), field="version")
    return int(text)
