"""Accounts and sessions for programs and for pages' scripts."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import JSONBody

from adapters.http import csrf
from adapters.http.addresses import address_of
from adapters.http.authentication import expired_session, session_cookies
from adapters.http.given import NamedDependency
from adapters.http.landing import landing_of
from adapters.http.metrics import note_failed
from adapters.http.requests import Req, config_of, device_of, signed_in
from adapters.http.welcome import admitted_or_refused
from application.identity.open_session import Admitted
from application.identity.refresh import Refresh
from application.identity.register import Register, RegisterCommand
from application.identity.resend_verification import ResendVerification
from application.identity.see_me import see_me
from application.identity.sign_in import SignIn, SignInCommand
from application.identity.sign_out import SignOut
from application.identity.verify_email import VerifyEmail
from domain.errors import DomainError, NotSignedIn
from domain.identity.permission import Permission, Role

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]


class RegisterIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``zone`` is an IANA name, for example ``Asia/Karachi``."""

    email: Text
    password: Text
    name: Text
    zone: Text = "UTC"
    role: Literal["student", "guardian", "qari"] = "student"
    locale: Literal["en", "ar", "ur"] = "en"


class AccountOut(msgspec.Struct, kw_only=True):
    id: UUID
    email: str
    name: str
    roles: list[Role]
    zone: str
    locale: str
    email_verified: bool


class SignInIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``delivery``: ``bearer`` answers a token to be sent as ``Authorization: Bearer``; ``cookie`` sets an httpOnly
    cookie instead and answers the CSRF proof that writes by cookie need.
    """

    email: Text
    password: Text
    delivery: Literal["bearer", "cookie"] = "bearer"


class SessionOut(msgspec.Struct, kw_only=True):
    """``token`` is good until ``expires_at``; ``refresh_token`` then brings the next pair, once.
    ``recovery_codes``: told this once, after a second factor was set up on the way.
    """

    user_id: UUID
    role: Role
    landing: str
    expires_at: datetime
    session_expires_at: datetime
    token: str | None = None
    refresh_token: str | None = None
    csrf_token: str | None = None
    recovery_codes: list[str] | None = None


class RefreshIn(msgspec.Struct, forbid_unknown_fields=True):
    refresh_token: Text


class VerifyIn(msgspec.Struct, forbid_unknown_fields=True):
    token: Text


class MeOut(msgspec.Struct, kw_only=True):
    """``permissions`` are those of ``role`` behind this entrance; ``csrf_token`` is for writes by cookie."""

    id: UUID
    name: str
    email: str
    email_verified: bool
    role: Role
    roles: list[Role]
    permissions: list[Permission]
    onboarding_status: str
    zone: str
    locale: str
    landing: str
    csrf_token: str


def session_answer(request: Req, admitted: Admitted, *, by_cookie: bool) -> Response[SessionOut]:
    """The pair in the body for programs, in cookies for browsers."""
    config = config_of(request)
    body = SessionOut(
        user_id=admitted.user.id,
        role=admitted.role,
        landing=landing_of(admitted.role, admitted.onboarding),
        expires_at=admitted.expires_at,
        session_expires_at=admitted.session_expires_at,
        token=None if by_cookie else admitted.token,
        refresh_token=None if by_cookie else admitted.refresh_token,
        csrf_token=csrf.prove(config.secret, admitted.session_id.hex) if by_cookie else None,
    )
    return Response(body, cookies=session_cookies(config, admitted) if by_cookie else [])


class SessionController(Controller):
    path = "/api/v1"
    tags = ("identity",)

    @post("/auth/sign-in", needs=Permission.NOTHING, status_code=200, summary="Sign in")
    async def sign_in(
        self, request: Req, data: JSONBody[SignInIn], sign_in: NamedDependency[SignIn]
    ) -> Response[SessionOut]:
        """One answer for an unknown address, a wrong password and a blocked account: 401 ``bad_credentials``. Where a
        second factor is on: 401 ``second_factor_required`` with a ``challenge`` for ``/auth/second-factor``.
        """
        command = SignInCommand(
            email=data.email, password=data.password, address=address_of(request), device=device_of(request)
        )
        try:
            outcome = await sign_in(command)
        except DomainError as error:
            note_failed(request, error)
            raise
        return session_answer(request, admitted_or_refused(outcome), by_cookie=data.delivery == "cookie")

    @post("/auth/refresh", needs=Permission.NOTHING, status_code=200, summary="Go on being signed in")
    async def refresh(
        self, request: Req, data: JSONBody[RefreshIn], refresh: NamedDependency[Refresh]
    ) -> Response[SessionOut]:
        """A new pair for a refresh token, which is good once: 401 ``token_replayed`` for one that comes again, and the
        whole session has ended. Browsers with cookies need not ask: it happens by itself.
        """
        return session_answer(request, await refresh(data.refresh_token), by_cookie=False)

    @post("/auth/sign-out", needs=Permission.SIGNED_IN, status_code=204, impersonated=True, summary="Sign out")
    async def sign_out(self, request: Req, sign_out: NamedDependency[SignOut]) -> Response[None]:
        """Ends this session, whichever way it was carried."""
        if (person := signed_in(request)) is not None:
            await sign_out(person.session_id)
        return Response(None, status_code=204, cookies=expired_session(config_of(request)))

    @get("/me", needs=Permission.SIGNED_IN, sync_to_thread=False, summary="Who am I")
    def me(self, request: Req) -> MeOut:
        """Id, roles, permissions and onboarding status of the person behind the session."""
        person = signed_in(request)
        if person is None:
            raise NotSignedIn("sign in first")
        seen = see_me(request.user, person)
        return MeOut(
            id=seen.user_id,
            name=seen.name,
            email=seen.email,
            email_verified=seen.email_verified,
            role=seen.role,
            roles=list(seen.roles),
            permissions=list(seen.permissions),
            onboarding_status=seen.onboarding.value,
            zone=seen.zone,
            locale=seen.locale,
            landing=landing_of(seen.role, seen.onboarding),
            csrf_token=csrf.prove(config_of(request).secret, person.session_id.hex),
        )


class AccountController(Controller):
    path = "/api/v1/auth"
    tags = ("identity",)

    @post("/register", needs=Permission.NOTHING, summary="Make an account")
    async def register(self, data: JSONBody[RegisterIn], register: NamedDependency[Register]) -> AccountOut:
        """An address is one whatever its letter case: the second try answers 409 ``email_taken``."""
        user = await register(
            RegisterCommand(
                email=data.email,
                password=data.password,
                name=data.name,
                zone=data.zone,
                role=Role(data.role),
                locale=data.locale,
            )
        )
        return AccountOut(
            id=user.id,
            email=user.email,
            name=user.name,
            roles=sorted(user.roles),
            zone=user.zone,
            locale=user.locale,
            email_verified=False,
        )

    @post("/verify", needs=Permission.NOTHING, status_code=204, summary="Prove an address")
    async def verify(self, data: JSONBody[VerifyIn], verify_email: NamedDependency[VerifyEmail]) -> None:
        """With the token of the mailed link; good once, 410 afterwards."""
        await verify_email(data.token)

    @post("/verify/resend", needs=Permission.SIGNED_IN, status_code=202, summary="Mail another link")
    async def resend(self, request: Req, resend_verification: NamedDependency[ResendVerification]) -> None:
        """409 ``already_verified`` when there is nothing left to prove."""
        await resend_verification(request.user)


CONTROLLERS_MAIN = (SessionController, AccountController)
CONTROLLERS_ADMIN = (SessionController,)
