"""Pages to make an account, sign in and out, and prove an address."""

from collections.abc import Mapping
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from adapters.http.addresses import address_of
from adapters.http.authentication import expired_session
from adapters.http.flash import local_path, redirect
from adapters.http.given import NamedDependency
from adapters.http.landing import landing_of
from adapters.http.metrics import note_failed
from adapters.http.requests import Req, config_of, device_of, signed_in, viewer_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of
from adapters.http.welcome import welcome
from application.identity.authenticate import WrongDoor
from application.identity.register import Register, RegisterCommand
from application.identity.resend_verification import AlreadyVerified, ResendVerification
from application.identity.sign_in import BadCredentials, SignIn, SignInCommand, TooManyTries
from application.identity.sign_out import SignOut
from application.identity.verify_email import VerifyEmail
from domain.errors import Conflict, DomainError, Gone, Invalid, NotFound
from domain.identity.permission import Permission, Role
from domain.identity.user import SELF_CHOSEN
from ports.identity.providers import IdentityProviders


def _home_of(request: Req) -> str | None:
    """None for strangers, and for somebody who lost every role that he had here: he may sign in as another."""
    person = signed_in(request)
    if person is None or not person.actor().permissions:
        return None
    return landing_of(person.role, person.onboarding)


def _command(request: Req, email: str, password: str) -> SignInCommand:
    return SignInCommand(email=email, password=password, address=address_of(request), device=device_of(request))


class SignInController(Controller):
    include_in_schema = False

    @get("/sign-in", needs=Permission.NOTHING, sync_to_thread=False)
    def form(
        self, request: Req, identity_providers: NamedDependency[IdentityProviders], next: FromQuery[str] = ""
    ) -> Response[Any]:
        if (home := _home_of(request)) is not None:
            return Redirect(local_path(next, home), status_code=303)
        others = identity_providers.offered()
        return page(request, "identity/sign_in.html", values={"next": next}, errors={}, others=others)

    @post("/sign-in", needs=Permission.NOTHING, status_code=200)
    async def sign_in(
        self,
        request: Req,
        sign_in: NamedDependency[SignIn],
        identity_providers: NamedDependency[IdentityProviders],
    ) -> Response[Any]:
        fields = await fields_of(request)
        try:
            outcome = await sign_in(_command(request, fields.get("email", ""), fields.get("password", "")))
        except TooManyTries as error:
            note_failed(request, error)
            raise
        except (BadCredentials, WrongDoor) as error:
            note_failed(request, error)
            wrong = isinstance(error, BadCredentials)
            text = (
                _("The address or the password is not right.")
                if wrong
                else _("This account belongs to the other entrance.")
            )
            kept = {name: fields.get(name, "") for name in ("email", "next")}
            return page(
                request,
                "identity/sign_in.html",
                status_code=401 if wrong else 403,
                values=kept,
                errors={"form": text},
                others=identity_providers.offered(),
            )
        return welcome(request, outcome, fields.get("next"))

    @post("/sign-out", needs=Permission.NOTHING, status_code=303, impersonated=True)
    async def sign_out(self, request: Req, sign_out: NamedDependency[SignOut]) -> Response[Any]:
        if (person := signed_in(request)) is not None:
            await sign_out(person.session_id)
        answer = redirect(request, "/sign-in", _("You are signed out."))
        answer.cookies.extend(expired_session(config_of(request)))
        return answer


class SignUpController(Controller):
    include_in_schema = False

    @get("/sign-up", needs=Permission.NOTHING, sync_to_thread=False)
    def form(self, request: Req, next: FromQuery[str] = "") -> Response[Any]:
        if (home := _home_of(request)) is not None:
            return Redirect(local_path(next, home), status_code=303)
        values = {"next": next, "role": Role.STUDENT.value, "zone": viewer_of(request).zone}
        return page(request, "identity/sign_up.html", values=values, errors={})

    @post("/sign-up", needs=Permission.NOTHING, status_code=200)
    async def sign_up(
        self, request: Req, register: NamedDependency[Register], sign_in: NamedDependency[SignIn]
    ) -> Response[Any]:
        """Makes the account and signs in; the address is proven later."""
        fields = await fields_of(request)
        email, password, viewer = fields.get("email", ""), fields.get("password", ""), viewer_of(request)
        role = next((role for role in SELF_CHOSEN if role.value == fields.get("role")), Role.STUDENT)
        try:
            await register(
                RegisterCommand(
                    email=email,
                    password=password,
                    name=fields.get("name", ""),
                    zone=fields.get("zone") or viewer.zone,
                    role=role,
                    locale=viewer.locale,
                )
            )
        except (Invalid, Conflict) as error:
            return self._again(request, fields, error)
        return welcome(request, await sign_in(_command(request, email, password)), fields.get("next"))

    @staticmethod
    def _again(request: Req, fields: Mapping[str, str], error: DomainError) -> Response[Any]:
        kept = {name: fields.get(name, "") for name in ("email", "name", "role", "zone", "next")}
        at = str(error.details.get("field", "form"))
        return page(
            request,
            "identity/sign_up.html",
            status_code=409 if isinstance(error, Conflict) else 422,
            values=kept,
            errors={at: _sentence(error)},
        )

    @get("/verify", needs=Permission.NOTHING, sync_to_thread=False)
    def verify_form(self, request: Req, token: FromQuery[str] = "") -> Response[Any]:
        """The link only opens this page; the button uses it up. Programs that look into mails press no buttons."""
        return page(request, "identity/verify.html", token=token, problem="")

    @post("/verify", needs=Permission.NOTHING, status_code=200)
    async def verify(self, request: Req, verify_email: NamedDependency[VerifyEmail]) -> Response[Any]:
        token = (await fields_of(request)).get("token", "")
        try:
            await verify_email(token)
        except (NotFound, Gone) as error:
            gone = isinstance(error, Gone)
            text = _sentence(error) if gone else _("This link is not complete. Copy it from the mail once more.")
            return page(request, "identity/verify.html", status_code=410 if gone else 404, token="", problem=text)
        return redirect(request, _home_of(request) or "/sign-in", _("Your address is confirmed."))

    @post("/verify/resend", needs=Permission.SIGNED_IN, status_code=303)
    async def resend(self, request: Req, resend_verification: NamedDependency[ResendVerification]) -> Response[Any]:
        home = _home_of(request) or "/"
        try:
            await resend_verification(request.user)
        except AlreadyVerified:
            return redirect(request, home, _("Your address is confirmed already."), "notice")
        return redirect(request, home, _("A new link is on its way to your mailbox."))


def _sentence(error: DomainError) -> str:
    """The domain's own words as a sentence."""
    return f"{error.message[:1].upper()}{error.message[1:]}."


CONTROLLERS_MAIN = (SignInController, SignUpController)
CONTROLLERS_ADMIN = (SignInController,)
