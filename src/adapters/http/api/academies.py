"""The schools of this installation, for its owner. (ADM-10)"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, patch, post
from litestar.params import FromPath, JSONBody

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from application.identity.academies import ChangeAcademy, CreateAcademy, ListAcademies, NewAcademy
from domain.identity.academy import MOST_HOSTS, Academy, Host, host_name
from domain.identity.permission import Audience, Permission
from domain.ids import AcademyId

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Address = Annotated[str, msgspec.Meta(min_length=3, max_length=254)]


class HostIn(msgspec.Struct, forbid_unknown_fields=True):
    """``door`` is ``main`` for students, guardians and Qaris, ``admin`` for staff."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=253)]
    door: Audience


Hosts = Annotated[list[HostIn], msgspec.Meta(max_length=MOST_HOSTS)]


class NewAcademyIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: Name
    owner_email: Address
    owner_name: Annotated[str, msgspec.Meta(max_length=120)] = ""
    hosts: Hosts = []


class AcademyIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is left out stays as it is."""

    name: Name | None = None
    hosts: Hosts | None = None


class HostOut(msgspec.Struct):
    name: str
    door: Audience


class AcademyOut(msgspec.Struct, kw_only=True):
    id: UUID
    name: str
    hosts: list[HostOut]
    created_at: datetime

    @classmethod
    def of(cls, academy: Academy) -> "AcademyOut":
        hosts = [HostOut(host.name, host.door) for host in academy.hosts]
        return cls(id=academy.id, name=academy.name, hosts=hosts, created_at=academy.created_at)


class AcademyController(Controller):
    path = "/api/v1/staff/academies"
    tags = ("academies",)

    @get("/", needs=Permission.MANAGE_ACADEMIES, summary="The academies of this installation")
    async def all(self, request: Req, list_academies: NamedDependency[ListAcademies]) -> list[AcademyOut]:
        """The owner of an academy that is not the installation's first one sees his own alone."""
        return [AcademyOut.of(academy) for academy in await list_academies(request.user)]

    @post("/", needs=Permission.MANAGE_ACADEMIES, status_code=201, summary="Found another academy")
    async def create(
        self, request: Req, data: JSONBody[NewAcademyIn], create_academy: NamedDependency[CreateAcademy]
    ) -> AcademyOut:
        """Its owner is invited by mail."""
        wanted = NewAcademy(
            name=data.name, owner_email=data.owner_email, owner_name=data.owner_name, hosts=_hosts(data.hosts)
        )
        return AcademyOut.of(await create_academy(request.user, wanted))

    @patch("/{academy_id:uuid}", needs=Permission.MANAGE_ACADEMIES, summary="Rename it, or say which hosts lead there")
    async def change(
        self,
        request: Req,
        academy_id: FromPath[UUID],
        data: JSONBody[AcademyIn],
        change_academy: NamedDependency[ChangeAcademy],
    ) -> AcademyOut:
        hosts = _hosts(data.hosts) if data.hosts is not None else None
        return AcademyOut.of(await change_academy(request.user, AcademyId(academy_id), name=data.name, hosts=hosts))


def _hosts(given: list[HostIn]) -> tuple[Host, ...]:
    return tuple(Host(host_name(host.name), host.door) for host in given)


CONTROLLERS_ADMIN = (AcademyController,)
