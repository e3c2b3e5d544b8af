"""One's own account: password, address, copy of the data, end of it. (ID-18, ID-20)"""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from adapters.http.addresses import address_of
from adapters.http.authentication import expired_session
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, config_of, signed_in
from application.identity.change_email import ChangeEmail, ChangeEmailCommand, ConfirmEmail
from application.identity.change_password import ChangePassword, ChangePasswordCommand
from application.identity.confirm_self import ConfirmSelf
from application.identity.erase_person import CallOffErasure, ScheduleErasure, SeeErasure
from application.identity.export_person import FetchExport, RequestExport, SeeExport
from application.identity.impersonate import LeaveImpersonation
from application.identity.request_reset import RequestReset
from application.identity.reset_password import ResetPassword
from application.identity.update_profile import SeeAccount, UpdateProfile, UpdateProfileCommand
from domain.errors import NotSignedIn
from domain.identity.permission import Permission
from domain.identity.user import User
from domain.ids import ExportId

ZIP: Final = "application/zip"
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]


class ForgotIn(msgspec.Struct, forbid_unknown_fields=True):
    email: Text


class ResetIn(msgspec.Struct, forbid_unknown_fields=True):
    token: Text
    password: Text


class PasswordIn(msgspec.Struct, forbid_unknown_fields=True):
    """``proof``: the old password, or a code of the second factor."""

    proof: Annotated[str, msgspec.Meta(max_length=400)]
    password: Text


class EmailIn(msgspec.Struct, forbid_unknown_fields=True):
    email: Text
    proof: Annotated[str, msgspec.Meta(max_length=400)]


class TokenIn(msgspec.Struct, forbid_unknown_fields=True):
    token: Text


class ProfileIn(msgspec.Struct, forbid_unknown_fields=True):
    """``zone`` is an IANA name, for example ``Asia/Karachi``; ``country`` the two letters of ISO 3166, which stay as
    they are without the field.
    """

    name: Text
    zone: Text
    phone: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    country: Annotated[str, msgspec.Meta(pattern="^([A-Za-z]{2})?$")] | None = None


class ProfileOut(msgspec.Struct, kw_only=True):
    id: UUID
    name: str
    email: str
    phone: str | None
    zone: str
    country: str
    locale: str

    @classmethod
    def of(cls, user: User) -> "ProfileOut":
        return cls(
            id=user.id,
            name=user.name,
            email=user.email,
            phone=user.phone,
            zone=user.zone,
            country=user.country,
            locale=user.locale,
        )


class ExportOut(msgspec.Struct, kw_only=True):
    """``status``: requested, ready, fetched or expired."""

    id: UUID
    status: str
    created_at: datetime
    expires_at: datetime | None


class ErasureIn(msgspec.Struct, forbid_unknown_fields=True):
    proof: Annotated[str, msgspec.Meta(max_length=400)]
    reason: Text = "own wish"


class ErasureOut(msgspec.Struct, kw_only=True):
    """``due_at``: until then it can be called off."""

    due_at: datetime


class PasswordController(Controller):
    path = "/api/v1/auth"
    tags = ("identity",)

    @post("/forgot", needs=Permission.NOTHING, status_code=202, summary="Ask for a link to a new password")
    async def forgot(
        self, request: Req, data: JSONBody[ForgotIn], request_reset: NamedDependency[RequestReset]
    ) -> None:
        """One answer for every address, known or not. 429 after a few."""
        await request_reset(data.email, address=address_of(request))

    @post("/reset", needs=Permission.NOTHING, status_code=204, summary="Choose a password with a mailed link")
    async def reset(self, data: JSONBody[ResetIn], reset_password: NamedDependency[ResetPassword]) -> None:
        """Good once, 410 afterwards. Every session of the account ends."""
        await reset_password(data.token, data.password)

    @post("/email/confirm", needs=Permission.NOTHING, status_code=204, summary="Prove a new address")
    async def confirm(self, data: JSONBody[TokenIn], confirm_email: NamedDependency[ConfirmEmail]) -> None:
        await confirm_email(data.token)


class OwnAccountController(Controller):
    path = "/api/v1/me"
    tags = ("identity",)

    @get("/profile", needs=Permission.SIGNED_IN, summary="My account")
    async def profile(self, request: Req, see_account: NamedDependency[SeeAccount]) -> ProfileOut:
        return ProfileOut.of(await see_account(request.user))

    @patch("/profile", needs=Permission.SIGNED_IN, summary="Change name, zone or telephone")
    async def change(
        self, request: Req, data: JSONBody[ProfileIn], update_profile: NamedDependency[UpdateProfile]
    ) -> ProfileOut:
        command = UpdateProfileCommand(name=data.name, zone=data.zone, phone=data.phone, country=data.country)
        return ProfileOut.of(await update_profile(request.user, command))

    @post("/password", needs=Permission.SIGNED_IN, status_code=204, summary="Change my password")
    async def password(
        self, request: Req, data: JSONBody[PasswordIn], change_password: NamedDependency[ChangePassword]
    ) -> None:
        """All other sessions end. 422 ``bad_proof``, ``weak_password``."""
        person = signed_in(request)
        if person is None:
            raise NotSignedIn("sign in first")
        command = ChangePasswordCommand(proof=data.proof, password=data.password, session_id=person.session_id)
        await change_password(request.user, command)

    @post("/email", needs=Permission.SIGNED_IN, status_code=202, summary="Move to another address")
    async def email(self, request: Req, data: JSONBody[EmailIn], change_email: NamedDependency[ChangeEmail]) -> None:
        """The link goes to the new address; the old one holds until it is opened."""
        await change_email(request.user, ChangeEmailCommand(email=data.email, proof=data.proof))

    @post("/export", needs=Permission.SIGNED_IN, status_code=202, summary="Ask for a copy of my data")
    async def ask_export(self, request: Req, request_export: NamedDependency[RequestExport]) -> None:
        await request_export(request.user)

    @get("/export", needs=Permission.SIGNED_IN, summary="How far the latest copy is")
    async def see_export(self, request: Req, see_export: NamedDependency[SeeExport]) -> ExportOut | None:
        found = await see_export(request.user)
        if found is None:
            return None
        return ExportOut(
            id=found.id, status=found.status.value, created_at=found.created_at, expires_at=found.expires_at
        )

    @post(
        "/export/{export_id:uuid}",
        needs=Permission.SIGNED_IN,
        status_code=200,
        produces=(ZIP,),
        summary="Fetch the copy, once",
    )
    async def fetch_export(
        self, request: Req, export_id: FromPath[UUID], fetch_export: NamedDependency[FetchExport]
    ) -> Response[bytes]:
        """A zip of JSON documents. 410 once it was fetched or has expired."""
        return zip_answer(await fetch_export(request.user, ExportId(export_id)))

    @post("/erasure", needs=Permission.SIGNED_IN, status_code=202, summary="Have my account erased")
    async def erase(
        self,
        request: Req,
        data: JSONBody[ErasureIn],
        confirm_self: NamedDependency[ConfirmSelf],
        schedule_erasure: NamedDependency[ScheduleErasure],
    ) -> ErasureOut:
        """After fourteen days, and not while lessons or money are under way: 409 ``open_business`` says what."""
        await confirm_self(request.user.user_id, data.proof)
        erasure = await schedule_erasure(request.user, request.user.user_id, data.reason)
        return ErasureOut(due_at=erasure.due_at)

    @get("/erasure", needs=Permission.SIGNED_IN, summary="Whether my account is about to be erased")
    async def see_erasure(self, request: Req, see_erasure: NamedDependency[SeeErasure]) -> ErasureOut | None:
        found = await see_erasure(request.user, request.user.user_id)
        return ErasureOut(due_at=found.due_at) if found is not None else None

    @delete("/erasure", needs=Permission.SIGNED_IN, status_code=204, summary="Keep my account after all")
    async def keep(self, request: Req, call_off_erasure: NamedDependency[CallOffErasure]) -> None:
        await call_off_erasure(request.user, request.user.user_id)


class ImpersonatedController(Controller):
    path = "/api/v1/impersonation"
    tags = ("identity",)

    @delete(
        "/", needs=Permission.SIGNED_IN, status_code=204, impersonated=True, summary="Stop looking through his eyes"
    )
    async def leave(self, request: Req, leave_impersonation: NamedDependency[LeaveImpersonation]) -> Response[None]:
        """403 for a session of one's own."""
        person = signed_in(request)
        if person is None:
            raise NotSignedIn("sign in first")
        await leave_impersonation(request.user, person.session_id)
        return Response(None, status_code=204, cookies=expired_session(config_of(request)))


def zip_answer(archive: bytes) -> Response[bytes]:
    return Response(
        archive,
        media_type=ZIP,
        headers={"Content-Disposition": 'attachment; filename="my-data.zip"', "Cache-Control": "no-store"},
    )


CONTROLLERS_MAIN = (PasswordController, OwnAccountController, ImpersonatedController)
CONTROLLERS_ADMIN = (PasswordController, OwnAccountController)
