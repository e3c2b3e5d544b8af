"""Who holds the school's live classes: providers, hosts, exceptions for single Qaris. (LIVE-01, LIVE-10)"""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.refusals import refusal
from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of
from adapters.http.words import sentence
from application.scheduling.meeting_hosts import (
    AddMeetingHost,
    ChooseMeetingProvider,
    FindQari,
    HostFacts,
    SeeMeetingHosts,
    SwitchMeetingHost,
)
from domain.errors import Conflict, Invalid, NotFound
from domain.identity.permission import Permission
from domain.ids import MeetingHostId, UserId
from domain.scheduling.meeting_server import Service

HERE = "/meeting-hosts"
NAMES = {Service.JITSI.value: "Jitsi", Service.GOOGLE_MEET.value: "Google Meet", Service.ZOOM.value: "Zoom"}


class AdminMeetingHostsController(Controller):
    path = HERE
    include_in_schema = False

    @get("/", needs=Permission.SEE_SETTINGS)
    async def desk(
        self,
        request: Req,
        see_meeting_hosts: NamedDependency[SeeMeetingHosts],
        find_qari: NamedDependency[FindQari],
        qari: FromQuery[str] = "",
    ) -> Response[Any]:
        """``qari``: part of the name of the one who is looked for."""
        chooses = request.user.may(Permission.SET_POLICIES)
        return page(
            request,
            "admin/meeting_hosts.html",
            desk=await see_meeting_hosts(request.user),
            names=NAMES,
            zoom=Service.ZOOM,
            sought=qari,
            found=await find_qari(request.user, qari) if chooses else (),
        )

    @post("/", needs=Permission.SET_POLICIES, status_code=303)
    async def add(self, request: Req, add_meeting_host: NamedDependency[AddMeetingHost]) -> Response[Any]:
        fields = await fields_of(request)
        provider = fields.get("provider", Service.ZOOM.value)
        if provider not in set(Service):
            return redirect(request, HERE, _("Choose a provider."), "problem")
        facts = HostFacts(
            provider=Service(provider), account=fields.get("account", ""), address=fields.get("address", "")
        )
        try:
            await add_meeting_host(request.user, facts)
        except (Invalid, Conflict) as error:
            return redirect(request, HERE, sentence(refusal(error)), "problem")
        return redirect(request, HERE, _("Added. New lessons may be held there from now on."))

    @post("/{host_id:uuid}", needs=Permission.SET_POLICIES, status_code=303)
    async def switch(
        self, request: Req, host_id: FromPath[UUID], switch_meeting_host: NamedDependency[SwitchMeetingHost]
    ) -> Response[Any]:
        active = (await fields_of(request)).get("active", "") == "yes"
        await switch_meeting_host(request.user, MeetingHostId(host_id), active)
        return redirect(request, HERE, _("Switched on.") if active else _("Switched off. It keeps the classes it has."))

    @post("/choices", needs=Permission.SET_POLICIES, status_code=303)
    async def choose(
        self, request: Req, choose_meeting_provider: NamedDependency[ChooseMeetingProvider]
    ) -> Response[Any]:
        fields = await fields_of(request)
        provider, who = fields.get("provider", ""), fields.get("qari", "")
        try:
            qari_id = UserId(UUID(who))
        except ValueError:
            return redirect(request, HERE, _("Choose a Qari."), "problem")
        if provider and provider not in set(Service):
            return redirect(request, HERE, _("Choose a provider."), "problem")
        try:
            await choose_meeting_provider(request.user, qari_id, Service(provider) if provider else None)
        except (Invalid, NotFound) as error:
            return redirect(request, HERE, sentence(refusal(error)), "problem")
        return redirect(request, HERE, _("Saved. Lessons that have a class keep it."))
