"""The schools of this installation, for those who own it. (ADM-10)"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of, told
from application.identity.academies import ChangeAcademy, CreateAcademy, ListAcademies, NewAcademy
from domain.errors import DomainError, NotFound
from domain.identity.academy import Academy, Host, host_name
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Permission
from domain.ids import AcademyId
from ports.academy import FIRST_ACADEMY, current_academy

HERE = "/academies"


class AdminAcademiesController(Controller):
    path = HERE
    include_in_schema = False

    @get("/", needs=Permission.MANAGE_ACADEMIES)
    async def all(self, request: Req, list_academies: NamedDependency[ListAcademies]) -> Response[Any]:
        """The owner of one that is not the installation's first sees his own alone, and founds none."""
        found = await list_academies(request.user)
        return page(request, "admin/academies.html", academies=found, first=FIRST_ACADEMY, owns_all=_owns_all())

    @get("/new", needs=Permission.MANAGE_ACADEMIES, sync_to_thread=False)
    def new_form(self, request: Req) -> Response[Any]:
        return _new_form(request, {}, {})

    @post("/new", needs=Permission.MANAGE_ACADEMIES, status_code=303)
    async def create(self, request: Req, create_academy: NamedDependency[CreateAcademy]) -> Response[Any]:
        fields = await fields_of(request)
        try:
            wanted = NewAcademy(
                name=fields.get("name", ""),
                owner_email=fields.get("owner_email", ""),
                owner_name=fields.get("owner_name", ""),
                hosts=_hosts(fields),
            )
            made = await create_academy(request.user, wanted)
        except DomainError as error:
            return _new_form(request, fields, _wrong(error))
        return redirect(request, HERE, _("{name} is founded; its owner is invited.", name=made.name))

    @get("/{academy_id:uuid}", needs=Permission.MANAGE_ACADEMIES)
    async def one(
        self, request: Req, academy_id: FromPath[UUID], list_academies: NamedDependency[ListAcademies]
    ) -> Response[Any]:
        academy = await _academy(request.user, academy_id, list_academies)
        return _form(request, academy, _values(academy), {})

    @post("/{academy_id:uuid}", needs=Permission.MANAGE_ACADEMIES, status_code=303)
    async def change(
        self,
        request: Req,
        academy_id: FromPath[UUID],
        list_academies: NamedDependency[ListAcademies],
        change_academy: NamedDependency[ChangeAcademy],
    ) -> Response[Any]:
        academy, fields = await _academy(request.user, academy_id, list_academies), await fields_of(request)
        try:
            hosts = _hosts(fields) if _owns_all() else None
            await change_academy(request.user, academy.id, name=fields.get("name", ""), hosts=hosts)
        except DomainError as error:
            return _form(request, academy, fields, _wrong(error))
        return redirect(request, HERE, _("Saved."))


def _owns_all() -> bool:
    return current_academy() == FIRST_ACADEMY


async def _academy(actor: Actor, academy_id: UUID, list_academies: ListAcademies) -> Academy:
    found = {academy.id: academy for academy in await list_academies(actor)}
    if academy_id not in found:
        raise NotFound("there is no such academy")
    return found[AcademyId(academy_id)]


def _hosts(fields: Mapping[str, str]) -> tuple[Host, ...]:
    """One a line. Raises Invalid."""
    return tuple(
        Host(host_name(line), door)
        for door in Audience
        for line in fields.get(f"{door.value}_hosts", "").splitlines()
        if line.strip()
    )


def _values(academy: Academy) -> dict[str, str]:
    hosts = {
        f"{door.value}_hosts": "\n".join(host.name for host in academy.hosts if host.door is door) for door in Audience
    }
    return {"name": academy.name, **hosts}


def _wrong(error: DomainError) -> dict[str, str]:
    field = str(error.details.get("field", "hosts"))
    return {{"email": "owner_email", "host": "hosts"}.get(field, field): told(error)}


def _new_form(request: Req, values: Mapping[str, str], wrong: Mapping[str, str]) -> Response[Any]:
    status = 422 if wrong else 200
    return page(request, "admin/academy_new.html", status_code=status, values=dict(values), wrong=dict(wrong))


def _form(request: Req, academy: Academy, values: Mapping[str, str], wrong: Mapping[str, str]) -> Response[Any]:
    return page(
        request,
        "admin/academy.html",
        status_code=422 if wrong else 200,
        academy=academy,
        owns_all=_owns_all(),
        values=dict(values),
        wrong=dict(wrong),
    )
