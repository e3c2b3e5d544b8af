"""One's own account: profile, password, address, data. (ID-18, ID-20)"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery

from adapters.http.api.accounts import zip_answer
from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.refusals import refusal
from adapters.http.requests import Req, language_of, signed_in
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of
from adapters.http.words import sentence
from adapters.languages.territories import countries
from application.identity.change_email import ChangeEmail, ChangeEmailCommand, ConfirmEmail
from application.identity.change_password import ChangePassword, ChangePasswordCommand
from application.identity.confirm_self import ConfirmSelf
from application.identity.erase_person import CallOffErasure, ScheduleErasure, SeeErasure
from application.identity.export_person import FetchExport, RequestExport, SeeExport
from application.identity.update_profile import SeeAccount, UpdateProfile, UpdateProfileCommand
from domain.errors import Conflict, DomainError, Gone, Invalid, NotFound, NotSignedIn, TooMany
from domain.identity.permission import Permission
from domain.ids import ExportId

ZONES = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))


def _wrong(error: DomainError) -> dict[str, str]:
    return {str(error.details.get("field", "form")): sentence(refusal(error))}


def _status(error: DomainError) -> int:
    return 409 if isinstance(error, Conflict) else 429 if isinstance(error, TooMany) else 422


class ProfileController(Controller):
    path = "/account"
    include_in_schema = False

    @get("/", needs=Permission.SIGNED_IN)
    async def form(self, request: Req, see_account: NamedDependency[SeeAccount]) -> Response[Any]:
        user = await see_account(request.user)
        values = {"name": user.name, "phone": user.phone or "", "zone": user.zone, "country": user.country}
        return self._page(request, values, {})

    @post("/", needs=Permission.SIGNED_IN, status_code=200)
    async def save(self, request: Req, update_profile: NamedDependency[UpdateProfile]) -> Response[Any]:
        fields = await fields_of(request)
        values = {name: fields.get(name, "") for name in ("name", "phone", "zone", "country")}
        try:
            await update_profile(request.user, UpdateProfileCommand(**values))
        except Invalid as error:
            return self._page(request, values, _wrong(error), status_code=422)
        return redirect(request, "/account", _("Saved."))

    @staticmethod
    def _page(
        request: Req, values: Mapping[str, str], errors: Mapping[str, str], status_code: int = 200
    ) -> Response[Any]:
        return page(
            request,
            "account/profile.html",
            status_code=status_code,
            values=values,
            errors=errors,
            zones=ZONES,
            countries=countries(language_of(request).lang),
        )


class PasswordPageController(Controller):
    path = "/account/password"
    include_in_schema = False

    @get("/", needs=Permission.SIGNED_IN, sync_to_thread=False)
    def form(self, request: Req) -> Response[Any]:
        return page(request, "account/password.html", errors={})

    @post("/", needs=Permission.SIGNED_IN, status_code=200)
    async def save(self, request: Req, change_password: NamedDependency[ChangePassword]) -> Response[Any]:
        fields, person = await fields_of(request), signed_in(request)
        if person is None:
            raise NotSignedIn("sign in first")
        command = ChangePasswordCommand(
            proof=fields.get("proof", ""), password=fields.get("password", ""), session_id=person.session_id
        )
        try:
            await change_password(request.user, command)
        except (Invalid, TooMany) as error:
            return page(request, "account/password.html", status_code=_status(error), errors=_wrong(error))
        return redirect(request, "/account/password", _("Your password is changed. Other devices are signed out."))


class EmailPageController(Controller):
    path = "/account/email"
    include_in_schema = False

    @get("/", needs=Permission.SIGNED_IN, sync_to_thread=False)
    def form(self, request: Req) -> Response[Any]:
        return page(request, "account/email.html", values={"email": ""}, errors={})

    @post("/", needs=Permission.SIGNED_IN, status_code=200)
    async def ask(self, request: Req, change_email: NamedDependency[ChangeEmail]) -> Response[Any]:
        fields = await fields_of(request)
        email = fields.get("email", "")
        try:
            await change_email(request.user, ChangeEmailCommand(email=email, proof=fields.get("proof", "")))
        except (Invalid, Conflict, TooMany) as error:
            values: Mapping[str, str] = {"email": email}
            return page(request, "account/email.html", status_code=_status(error), values=values, errors=_wrong(error))
        return redirect(request, "/account/email", _("A link is on its way to the new address."))

    @get("/confirm", needs=Permission.NOTHING, sync_to_thread=False)
    def confirm_form(self, request: Req, token: FromQuery[str] = "") -> Response[Any]:
        """The link only opens this page; the button uses it up."""
        text = "" if token else _("This link is not complete. Copy it from the mail once more.")
        return page(request, "account/email_confirm.html", token=token, problem=text)

    @post("/confirm", needs=Permission.NOTHING, status_code=200)
    async def confirm(self, request: Req, confirm_email: NamedDependency[ConfirmEmail]) -> Response[Any]:
        try:
            await confirm_email((await fields_of(request)).get("token", ""))
        except (NotFound, Gone, Conflict) as error:
            status = 404 if isinstance(error, NotFound) else 410 if isinstance(error, Gone) else 409
            return page(
                request, "account/email_confirm.html", status_code=status, token="", problem=sentence(refusal(error))
            )
        home = "/account/email" if signed_in(request) is not None else "/sign-in"
        return redirect(request, home, _("This is your address from now on."))


class PrivacyController(Controller):
    path = "/account/privacy"
    include_in_schema = False

    @get("/", needs=Permission.SIGNED_IN)
    async def see(
        self, request: Req, see_export: NamedDependency[SeeExport], see_erasure: NamedDependency[SeeErasure]
    ) -> Response[Any]:
        return await self._page(request, see_export, see_erasure)

    @post("/export", needs=Permission.SIGNED_IN, status_code=303)
    async def ask(self, request: Req, request_export: NamedDependency[RequestExport]) -> Response[Any]:
        await request_export(request.user)
        return redirect(request, "/account/privacy", _("We put it together and send you a mail."))

    @post("/export/{export_id:uuid}", needs=Permission.SIGNED_IN, status_code=200)
    async def fetch(
        self, request: Req, export_id: FromPath[UUID], fetch_export: NamedDependency[FetchExport]
    ) -> Response[Any]:
        try:
            return zip_answer(await fetch_export(request.user, ExportId(export_id)))
        except (Gone, NotFound) as error:
            return redirect(request, "/account/privacy", sentence(refusal(error)), "problem")

    @post("/erase", needs=Permission.SIGNED_IN, status_code=200)
    async def erase(
        self,
        request: Req,
        confirm_self: NamedDependency[ConfirmSelf],
        schedule_erasure: NamedDependency[ScheduleErasure],
        see_export: NamedDependency[SeeExport],
        see_erasure: NamedDependency[SeeErasure],
    ) -> Response[Any]:
        fields, person = await fields_of(request), request.user.user_id
        try:
            await confirm_self(person, fields.get("proof", ""))
            await schedule_erasure(request.user, person, "own wish")
        except (Invalid, Conflict, TooMany) as error:
            return await self._page(request, see_export, see_erasure, error)
        return redirect(request, "/account/privacy", _("Your account will be erased in fourteen days."), "notice")

    @post("/keep", needs=Permission.SIGNED_IN, status_code=303)
    async def keep(self, request: Req, call_off_erasure: NamedDependency[CallOffErasure]) -> Response[Any]:
        try:
            await call_off_erasure(request.user, request.user.user_id)
        except Conflict as error:
            return redirect(request, "/account/privacy", sentence(refusal(error)), "notice")
        return redirect(request, "/account/privacy", _("Your account stays."))

    @staticmethod
    async def _page(
        request: Req, see_export: SeeExport, see_erasure: SeeErasure, error: DomainError | None = None
    ) -> Response[Any]:
        return page(
            request,
            "account/privacy.html",
            status_code=_status(error) if error is not None else 200,
            export=await see_export(request.user),
            erasure=await see_erasure(request.user, request.user.user_id),
            errors=_wrong(error) if error is not None else {},
        )


CONTROLLERS_MAIN = (ProfileController, PasswordPageController, EmailPageController, PrivacyController)
CONTROLLERS_ADMIN = CONTROLLERS_MAIN
