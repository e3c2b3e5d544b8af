"""What staff do about one person, or about several. Each asks why, and is written down. (ADM-02, ID-09, ID-11)"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, config_of
from adapters.http.templating import page
from adapters.http.text import _, ngettext
from adapters.http.web.forms import fields_of, id_of, told
from application.identity.block_account import BlockAccount, UnblockAccount
from application.identity.change_roles import ChangeRoles, ChangeRolesCommand
from application.identity.erase_person import CallOffErasure, ScheduleErasure
from application.identity.export_person import RequestExport
from application.identity.impersonate import AskImpersonation
from application.identity.invite import Invite, NewAccount
from application.identity.reset_factors import ResetFactors, ResetFactorsCommand
from application.notification.bounces import MailAgain
from application.oversight.people import NamePeople, SeePerson
from domain.errors import DomainError, Invalid
from domain.identity.actor import Actor
from domain.identity.permission import Permission, Role
from domain.ids import UserId
from ports.identity.queries import PersonView

MOST: Final = 50
SEVERAL: Final = ("block", "unblock", "invite")
ASKED: Final = ("block", "unblock", "roles", "factors", "impersonate", "erase")
"""What has a page that asks why."""


class AdminPersonActionsController(Controller):
    path = "/people"
    include_in_schema = False

    @get("/invite", needs=Permission.MANAGE_PEOPLE, sync_to_thread=False)
    def invite_form(self, request: Req) -> Response[Any]:
        return page(request, "admin/person_invite.html", values={}, wrong={}, roles=list(Role), chosen=["student"])

    @post("/invite", needs=Permission.MANAGE_PEOPLE, status_code=303)
    async def invite(self, request: Req, invite: NamedDependency[Invite]) -> Response[Any]:
        fields, chosen = await fields_of(request), await _chosen(request, "role")
        wanted = NewAccount(
            email=fields.get("email", ""),
            name=fields.get("name", ""),
            roles=frozenset(Role(role) for role in chosen if role in list(Role)),
        )
        try:
            user = await invite(request.user, wanted, fields.get("reason", ""))
        except DomainError as error:
            return page(
                request,
                "admin/person_invite.html",
                status_code=422 if isinstance(error, Invalid) else 409,
                values=fields,
                wrong={str(error.details.get("field", "email")): told(error)},
                roles=list(Role),
                chosen=chosen,
            )
        return redirect(request, f"/people/{user.id}", _("An invitation is on its way."))

    @get("/selected", needs=Permission.MANAGE_PEOPLE)
    async def several_form(
        self,
        request: Req,
        name_people: NamedDependency[NamePeople],
        action: FromQuery[str] = "",
        id: FromQuery[list[str] | None] = None,
    ) -> Response[Any]:
        people = await _named(request.user, id or [], name_people)
        if action not in SEVERAL or not people:
            return redirect(request, "/people", _("Choose people first, then what to do."), "notice")
        return page(request, "admin/people_selected.html", action=action, people=people)

    @post("/selected", needs=Permission.MANAGE_PEOPLE, status_code=303)
    async def several(
        self,
        request: Req,
        name_people: NamedDependency[NamePeople],
        block_account: NamedDependency[BlockAccount],
        unblock_account: NamedDependency[UnblockAccount],
        invite: NamedDependency[Invite],
    ) -> Response[Any]:
        """One after the other, each a change of its own: who is refused does not hold up the rest."""
        fields = await fields_of(request)
        action, reason = fields.get("action", ""), fields.get("reason", "")
        people = await _named(request.user, await _chosen(request, "id"), name_people)
        if action not in SEVERAL or not people:
            return redirect(request, "/people", _("Choose people first, then what to do."), "notice")
        refused = []
        for person in people:
            try:
                if action == "block":
                    await block_account(request.user, person.user_id, reason)
                elif action == "unblock":
                    await unblock_account(request.user, person.user_id, reason)
                else:
                    again = NewAccount(email=person.email or "", roles=frozenset(person.roles))
                    await invite(request.user, again, reason)
            except DomainError as error:
                refused.append(f"{person.name}: {told(error)}")
        done = len(people) - len(refused)
        text = ngettext("Done for {n} person.", "Done for {n} people.", done)
        if refused:
            return redirect(request, "/people", " ".join([text, *refused])[:1000], "problem")
        return redirect(request, "/people", text)

    @get("/{user_id:uuid}/ask/{action:str}", needs=Permission.MANAGE_PEOPLE)
    async def ask(
        self, request: Req, user_id: FromPath[UUID], action: FromPath[str], see_person: NamedDependency[SeePerson]
    ) -> Response[Any]:
        """What will happen, and why it should."""
        person = await see_person(request.user, UserId(user_id))
        if action not in ASKED:
            return redirect(request, f"/people/{user_id}", _("There is nothing of that name to do."), "problem")
        return page(request, "admin/person_action.html", person=person, action=action, roles=list(Role), tab="")

    @post("/{user_id:uuid}/mail-again", needs=Permission.MANAGE_PEOPLE, status_code=303)
    async def mail_again(
        self, request: Req, user_id: FromPath[UUID], mail_again: NamedDependency[MailAgain]
    ) -> Response[Any]:
        await mail_again(request.user, UserId(user_id))
        return redirect(request, f"/people/{user_id}", _("Mail goes there again."))

    @post("/{user_id:uuid}/block", needs=Permission.MANAGE_PEOPLE, status_code=303)
    async def block(
        self, request: Req, user_id: FromPath[UUID], block_account: NamedDependency[BlockAccount]
    ) -> Response[Any]:
        reason = (await fields_of(request)).get("reason", "")
        try:
            await block_account(request.user, UserId(user_id), reason)
        except DomainError as error:
            return redirect(request, f"/people/{user_id}", told(error), "problem")
        return redirect(request, f"/people/{user_id}", _("The account is blocked; every session has ended."))

    @post("/{user_id:uuid}/unblock", needs=Permission.MANAGE_PEOPLE, status_code=303)
    async def unblock(
        self, request: Req, user_id: FromPath[UUID], unblock_account: NamedDependency[UnblockAccount]
    ) -> Response[Any]:
        reason = (await fields_of(request)).get("reason", "")
        try:
            await unblock_account(request.user, UserId(user_id), reason)
        except DomainError as error:
            return redirect(request, f"/people/{user_id}", told(error), "problem")
        return redirect(request, f"/people/{user_id}", _("The account is open again."))

    @post("/{user_id:uuid}/roles", needs=Permission.MANAGE_ROLES, status_code=303)
    async def roles(
        self, request: Req, user_id: FromPath[UUID], change_roles: NamedDependency[ChangeRoles]
    ) -> Response[Any]:
        fields, chosen = await fields_of(request), await _chosen(request, "role")
        command = ChangeRolesCommand(
            user_id=UserId(user_id),
            roles=[Role(role) for role in chosen if role in list(Role)],
            reason=fields.get("reason", ""),
        )
        try:
            await change_roles(request.user, command)
        except DomainError as error:
            return redirect(request, f"/people/{user_id}", told(error), "problem")
        return redirect(request, f"/people/{user_id}", _("The roles are changed, and felt on the next request."))

    @post("/{user_id:uuid}/factors", needs=Permission.MANAGE_PEOPLE, status_code=303)
    async def factors(
        self, request: Req, user_id: FromPath[UUID], reset_factors: NamedDependency[ResetFactors]
    ) -> Response[Any]:
        reason = (await fields_of(request)).get("reason", "")
        try:
            await reset_factors(ResetFactorsCommand(actor=request.user, user_id=UserId(user_id), reason=reason))
        except DomainError as error:
            return redirect(request, f"/people/{user_id}", told(error), "problem")
        return redirect(request, f"/people/{user_id}", _("The second factors are taken away; every session has ended."))

    @post("/{user_id:uuid}/impersonate", needs=Permission.IMPERSONATE, status_code=200)
    async def impersonate(
        self,
        request: Req,
        user_id: FromPath[UUID],
        see_person: NamedDependency[SeePerson],
        ask_impersonation: NamedDependency[AskImpersonation],
    ) -> Response[Any]:
        """Answers a page with the way over: a form of ours leads nowhere but to us."""
        reason = (await fields_of(request)).get("reason", "")
        try:
            token = await ask_impersonation(request.user, UserId(user_id), reason)
        except DomainError as error:
            return redirect(request, f"/people/{user_id}", told(error), "problem")
        person = await see_person(request.user, UserId(user_id))
        way = f"{config_of(request).other_url}/impersonate?token={token}"
        return page(request, "admin/person_way_over.html", person=person, way=way, tab="")

    @post("/{user_id:uuid}/export", needs=Permission.MANAGE_PEOPLE, status_code=303)
    async def export(
        self, request: Req, user_id: FromPath[UUID], request_export: NamedDependency[RequestExport]
    ) -> Response[Any]:
        try:
            await request_export(request.user, UserId(user_id))
        except DomainError as error:
            return redirect(request, f"/people/{user_id}", told(error), "problem")
        return redirect(request, f"/people/{user_id}", _("The copy is being made; only the person can fetch it."))

    @post("/{user_id:uuid}/erase", needs=Permission.ERASE_PERSON, status_code=303)
    async def erase(
        self, request: Req, user_id: FromPath[UUID], schedule_erasure: NamedDependency[ScheduleErasure]
    ) -> Response[Any]:
        reason = (await fields_of(request)).get("reason", "")
        try:
            await schedule_erasure(request.user, UserId(user_id), reason)
        except DomainError as error:
            return redirect(request, f"/people/{user_id}", told(error), "problem")
        return redirect(
            request, f"/people/{user_id}", _("The account will be erased; until then it can be called off.")
        )

    @post("/{user_id:uuid}/keep", needs=Permission.ERASE_PERSON, status_code=303)
    async def keep(
        self, request: Req, user_id: FromPath[UUID], call_off_erasure: NamedDependency[CallOffErasure]
    ) -> Response[Any]:
        try:
            await call_off_erasure(request.user, UserId(user_id))
        except DomainError as error:
            return redirect(request, f"/people/{user_id}", told(error), "problem")
        return redirect(request, f"/people/{user_id}", _("The account stays."))


async def _chosen(request: Req, name: str) -> list[str]:
    return [str(value) for value in (await request.form()).getall(name, [])]


async def _named(actor: Actor, told_ids: Sequence[str], name_people: NamePeople) -> list[PersonView]:
    """In the order they were chosen in; each once. Raises NotFound."""
    ids = list(dict.fromkeys(UserId(found) for text in told_ids if (found := id_of(text)) is not None))[:MOST]
    people = await name_people(actor, set(ids))
    return [people[user_id] for user_id in ids]
