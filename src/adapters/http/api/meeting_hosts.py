"""Who holds the school's live classes, for the office. (LIVE-01, LIVE-10)"""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import msgspec
from litestar import Controller, get, post, put
from litestar.params import FromPath, JSONBody

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from application.scheduling.meeting_hosts import (
    AddMeetingHost,
    ChooseMeetingProvider,
    HostFacts,
    SeeMeetingHosts,
    SwitchMeetingHost,
)
from domain.identity.permission import Permission
from domain.ids import MeetingHostId, UserId
from domain.scheduling.meeting_host import MeetingHost
from domain.scheduling.meeting_server import Service

Account = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Address = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class MeetingHostIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``account``: the name of a configured account; ``address``: the user there, by e-mail or id."""

    provider: Service
    account: Account
    address: Address


class HostSwitchIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    active: bool


class ProviderChoiceIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``provider`` null: as the rest of the school."""

    provider: Service | None


class MeetingHostOut(msgspec.Struct, kw_only=True):
    id: UUID
    provider: Service
    account: str
    address: str
    active: bool
    created_at: datetime
    classes_ahead: int = 0

    @classmethod
    def of(cls, host: MeetingHost, classes_ahead: int = 0) -> Self:
        return cls(**msgspec.structs.asdict(host), classes_ahead=classes_ahead)


class ProviderChoiceOut(msgspec.Struct, kw_only=True):
    qari_id: UUID
    name: str
    provider: Service


class MeetingDeskOut(msgspec.Struct, kw_only=True):
    """``strays``: rooms that no lesson uses and that could not be taken away yet."""

    default: Service
    ready: list[Service]
    hosts: list[MeetingHostOut]
    choices: list[ProviderChoiceOut]
    strays: int


class MeetingHostController(Controller):
    path = "/api/v1/meeting-hosts"
    tags = ("scheduling",)

    @get("/", needs=Permission.SEE_SETTINGS, summary="Providers and hosts of live classes")
    async def desk(self, request: Req, see_meeting_hosts: NamedDependency[SeeMeetingHosts]) -> MeetingDeskOut:
        desk = await see_meeting_hosts(request.user)
        return MeetingDeskOut(
            default=desk.default,
            ready=list(desk.ready),
            hosts=[MeetingHostOut.of(host, desk.load.get(host.id, 0)) for host in desk.hosts],
            choices=[ProviderChoiceOut(qari_id=who, name=name, provider=what) for who, name, what in desk.choices],
            strays=desk.strays,
        )

    @post("/", needs=Permission.SET_POLICIES, summary="Add a host")
    async def add(
        self, request: Req, data: JSONBody[MeetingHostIn], add_meeting_host: NamedDependency[AddMeetingHost]
    ) -> MeetingHostOut:
        facts = HostFacts(provider=data.provider, account=data.account, address=data.address)
        return MeetingHostOut.of(await add_meeting_host(request.user, facts))

    @put("/{host_id:uuid}", needs=Permission.SET_POLICIES, summary="Switch a host on or off")
    async def switch(
        self,
        request: Req,
        host_id: FromPath[UUID],
        data: JSONBody[HostSwitchIn],
        switch_meeting_host: NamedDependency[SwitchMeetingHost],
    ) -> MeetingHostOut:
        """One that is off keeps the classes it has, and gets no more."""
        return MeetingHostOut.of(await switch_meeting_host(request.user, MeetingHostId(host_id), data.active))

    @put(
        "/choices/{qari_id:uuid}",
        needs=Permission.SET_POLICIES,
        status_code=204,
        summary="Another provider for one Qari",
    )
    async def choose(
        self,
        request: Req,
        qari_id: FromPath[UUID],
        data: JSONBody[ProviderChoiceIn],
        choose_meeting_provider: NamedDependency[ChooseMeetingProvider],
    ) -> None:
        """Lessons that have a class keep it."""
        await choose_meeting_provider(request.user, UserId(qari_id), data.provider)


CONTROLLERS_ADMIN = (MeetingHostController,)
