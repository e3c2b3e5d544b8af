"""What staff do about accounts. Every write says why, and is written down. (ID-09, ID-11, ID-12, ID-20)"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, delete, post, put
from litestar.params import FromPath, JSONBody

from adapters.http.given import NamedDependency
from adapters.http.requests import Req, config_of
from application.identity.block_account import BlockAccount, UnblockAccount
from application.identity.change_roles import ChangeRoles, ChangeRolesCommand
from application.identity.correct_birth_date import CorrectBirthDate
from application.identity.erase_person import CallOffErasure, ScheduleErasure
from application.identity.export_person import RequestExport
from application.identity.impersonate import AskImpersonation
from application.identity.invite import Invite, NewAccount
from domain.identity.permission import Permission, Role
from domain.identity.user import User
from domain.ids import UserId

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class ReasonIn(msgspec.Struct, forbid_unknown_fields=True):
    reason: Reason


class RolesIn(msgspec.Struct, forbid_unknown_fields=True):
    """``roles``: all that the account has from now on."""

    roles: Annotated[list[Role], msgspec.Meta(min_length=1, max_length=8)]
    reason: Reason


class BirthDateIn(msgspec.Struct, forbid_unknown_fields=True):
    birth_date: date
    reason: Reason


class InviteIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    email: Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
    reason: Reason
    name: Annotated[str, msgspec.Meta(max_length=120)] = ""
    roles: Annotated[list[Role], msgspec.Meta(min_length=1, max_length=8)] = msgspec.field(
        default_factory=lambda: [Role.STUDENT]
    )
    locale: Literal["en", "ar", "ur"] = "en"


class StandingOut(msgspec.Struct, kw_only=True):
    id: UUID
    name: str
    status: str
    roles: list[Role]

    @classmethod
    def of(cls, user: User) -> "StandingOut":
        return cls(id=user.id, name=user.name, status=user.status.value, roles=sorted(user.roles))


class WayOverOut(msgspec.Struct):
    """``url`` opens the main entrance with that person's eyes; good once, for two minutes."""

    url: str


class ScheduledOut(msgspec.Struct):
    due_at: datetime


class StaffAccountController(Controller):
    path = "/api/v1/staff/people"
    tags = ("identity",)

    @post("/invitations", needs=Permission.MANAGE_PEOPLE, summary="Invite somebody")
    async def invite(self, request: Req, data: JSONBody[InviteIn], invite: NamedDependency[Invite]) -> StandingOut:
        """A link to choose a password is mailed. Again, while he has not entered the account: another link. 409
        ``email_taken`` for somebody who has one.
        """
        wanted = NewAccount(email=data.email, name=data.name, roles=frozenset(data.roles), locale=data.locale)
        return StandingOut.of(await invite(request.user, wanted, data.reason))

    @post("/{user_id:uuid}/block", needs=Permission.MANAGE_PEOPLE, status_code=200, summary="Shut somebody out")
    async def block(
        self,
        request: Req,
        user_id: FromPath[UUID],
        data: JSONBody[ReasonIn],
        block_account: NamedDependency[BlockAccount],
    ) -> StandingOut:
        """His very next request answers 401. 409 ``last_owner``."""
        return StandingOut.of(await block_account(request.user, UserId(user_id), data.reason))

    @post("/{user_id:uuid}/unblock", needs=Permission.MANAGE_PEOPLE, status_code=200, summary="Let somebody in again")
    async def unblock(
        self,
        request: Req,
        user_id: FromPath[UUID],
        data: JSONBody[ReasonIn],
        unblock_account: NamedDependency[UnblockAccount],
    ) -> StandingOut:
        return StandingOut.of(await unblock_account(request.user, UserId(user_id), data.reason))

    @put("/{user_id:uuid}/roles", needs=Permission.MANAGE_ROLES, summary="Promote or demote")
    async def roles(
        self,
        request: Req,
        user_id: FromPath[UUID],
        data: JSONBody[RolesIn],
        change_roles: NamedDependency[ChangeRoles],
    ) -> StandingOut:
        """His very next request is measured by them. 409 ``last_owner``."""
        command = ChangeRolesCommand(user_id=UserId(user_id), roles=data.roles, reason=data.reason)
        return StandingOut.of(await change_roles(request.user, command))

    @put("/{user_id:uuid}/birth-date", needs=Permission.MANAGE_PEOPLE, status_code=204, summary="Correct a birth date")
    async def birth_date(
        self,
        request: Req,
        user_id: FromPath[UUID],
        data: JSONBody[BirthDateIn],
        correct_birth_date: NamedDependency[CorrectBirthDate],
    ) -> None:
        """It decides who needs a guardian: felt with the next booking."""
        await correct_birth_date(request.user, UserId(user_id), data.birth_date, data.reason)

    @post("/{user_id:uuid}/export", needs=Permission.MANAGE_PEOPLE, status_code=202, summary="Have a copy made for him")
    async def export(
        self, request: Req, user_id: FromPath[UUID], request_export: NamedDependency[RequestExport]
    ) -> None:
        """Only the person himself can fetch it; he is told by mail."""
        await request_export(request.user, UserId(user_id))

    @post("/{user_id:uuid}/erasure", needs=Permission.ERASE_PERSON, status_code=202, summary="Have somebody erased")
    async def erase(
        self,
        request: Req,
        user_id: FromPath[UUID],
        data: JSONBody[ReasonIn],
        schedule_erasure: NamedDependency[ScheduleErasure],
    ) -> ScheduledOut:
        """After fourteen days. 409 ``open_business`` while lessons or money are under way."""
        erasure = await schedule_erasure(request.user, UserId(user_id), data.reason)
        return ScheduledOut(erasure.due_at)

    @delete("/{user_id:uuid}/erasure", needs=Permission.ERASE_PERSON, status_code=204, summary="Call the erasure off")
    async def keep(
        self, request: Req, user_id: FromPath[UUID], call_off_erasure: NamedDependency[CallOffErasure]
    ) -> None:
        await call_off_erasure(request.user, UserId(user_id))

    @post("/{user_id:uuid}/impersonation", needs=Permission.IMPERSONATE, summary="Look through somebody's eyes")
    async def impersonate(
        self,
        request: Req,
        user_id: FromPath[UUID],
        data: JSONBody[ReasonIn],
        ask_impersonation: NamedDependency[AskImpersonation],
    ) -> WayOverOut:
        """Read-only, for twenty minutes, and never a member of the staff."""
        token = await ask_impersonation(request.user, UserId(user_id), data.reason)
        return WayOverOut(f"{config_of(request).other_url}/impersonate?token={token}")


CONTROLLERS_ADMIN = (StaffAccountController,)
