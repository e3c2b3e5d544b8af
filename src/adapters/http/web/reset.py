"""Pages for somebody who has forgotten his password or was invited; and the way in for staff who look on. (ID-18)"""

from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from adapters.http.addresses import address_of
from adapters.http.authentication import expired_session, session_cookies
from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.landing import landing_of
from adapters.http.refusals import refusal
from adapters.http.requests import Req, config_of, device_of, signed_in
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of
from adapters.http.words import sentence
from application.identity.impersonate import EnterImpersonation, LeaveImpersonation
from application.identity.request_reset import RequestReset
from application.identity.reset_password import ResetPassword
from domain.errors import DomainError, Gone, Invalid, NotFound, NotPermitted, NotSignedIn, TooMany
from domain.identity.permission import Permission


class ForgotController(Controller):
    include_in_schema = False

    @get("/forgot", needs=Permission.NOTHING, sync_to_thread=False)
    def form(self, request: Req) -> Response[Any]:
        return page(request, "identity/forgot.html", values={}, errors={}, sent=False)

    @post("/forgot", needs=Permission.NOTHING, status_code=200)
    async def ask(self, request: Req, request_reset: NamedDependency[RequestReset]) -> Response[Any]:
        """The same page for every address, known or not."""
        email = (await fields_of(request)).get("email", "")
        try:
            await request_reset(email, address=address_of(request))
        except (Invalid, TooMany) as error:
            wrong = {str(error.details.get("field", "form")): sentence(refusal(error))}
            status = 422 if isinstance(error, Invalid) else 429
            values = {"email": email}
            return page(request, "identity/forgot.html", status_code=status, values=values, errors=wrong, sent=False)
        return page(request, "identity/forgot.html", values={}, errors={}, sent=True)

    @get("/reset", needs=Permission.NOTHING)
    async def reset_form(
        self, request: Req, reset_password: NamedDependency[ResetPassword], token: FromQuery[str] = ""
    ) -> Response[Any]:
        """The link only opens this page; the new password uses it up."""
        return await _reset_page(request, reset_password, token)

    @post("/reset", needs=Permission.NOTHING, status_code=200)
    async def reset(self, request: Req, reset_password: NamedDependency[ResetPassword]) -> Response[Any]:
        fields = await fields_of(request)
        token = fields.get("token", "")
        try:
            await reset_password(token, fields.get("password", ""))
        except Invalid as error:
            return await _reset_page(request, reset_password, token, error)
        except (NotFound, Gone):
            return await _reset_page(request, reset_password, token)
        answer = redirect(request, "/sign-in", _("Your password is set. Sign in with it."))
        answer.cookies.extend(expired_session(config_of(request)))
        return answer


async def _reset_page(
    request: Req, reset_password: ResetPassword, token: str, error: Invalid | None = None
) -> Response[Any]:
    try:
        user = await reset_password.peek(token)
    except (NotFound, Gone) as gone:
        told = sentence(refusal(gone)) if isinstance(gone, Gone) else _("This link is not complete. Copy it once more.")
        status = 410 if isinstance(gone, Gone) else 404
        return page(request, "identity/reset.html", status_code=status, problem=told)
    wrong = {str(error.details.get("field", "form")): sentence(refusal(error))} if error is not None else {}
    return page(
        request,
        "identity/reset.html",
        status_code=422 if error is not None else 200,
        token=token,
        name=user.name,
        email=user.email,
        errors=wrong,
        problem="",
    )


class ImpersonationController(Controller):
    include_in_schema = False

    @get("/impersonate", needs=Permission.NOTHING)
    async def form(
        self, request: Req, enter_impersonation: NamedDependency[EnterImpersonation], token: FromQuery[str] = ""
    ) -> Response[Any]:
        try:
            user = await enter_impersonation.peek(token)
        except (NotFound, Gone) as error:
            return _refused(request, error)
        return page(request, "identity/impersonate.html", token=token, name=user.name, problem="")

    @post("/impersonate", needs=Permission.NOTHING, status_code=303, impersonated=True)
    async def enter(self, request: Req, enter_impersonation: NamedDependency[EnterImpersonation]) -> Response[Any]:
        """Whoever was signed in here in this browser is so no more."""
        token = (await fields_of(request)).get("token", "")
        try:
            admitted = await enter_impersonation(token, device=device_of(request))
        except (NotFound, Gone, NotPermitted) as error:
            return _refused(request, error)
        home = landing_of(admitted.role, admitted.onboarding)
        return Redirect(home, status_code=303, cookies=session_cookies(config_of(request), admitted))

    @post("/impersonation/end", needs=Permission.SIGNED_IN, status_code=303, impersonated=True)
    async def leave(self, request: Req, leave_impersonation: NamedDependency[LeaveImpersonation]) -> Response[Any]:
        person = signed_in(request)
        if person is None:
            raise NotSignedIn("sign in first")
        await leave_impersonation(request.user, person.session_id)
        answer = redirect(request, "/", _("You look through your own eyes again."))
        answer.cookies.extend(expired_session(config_of(request)))
        return answer


def _refused(request: Req, error: DomainError) -> Response[Any]:
    status = 404 if isinstance(error, NotFound) else 410 if isinstance(error, Gone) else 403
    return page(request, "identity/impersonate.html", status_code=status, token="", problem=sentence(refusal(error)))


CONTROLLERS_MAIN = (ForgotController, ImpersonationController)
CONTROLLERS_ADMIN = (ForgotController,)
