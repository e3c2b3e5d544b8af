"""Pages about the devices somebody is signed in on, and the role he acts in. (ID-18, ID-19)"""

from typing import Any

from litestar import Controller, Response, get, post
from litestar.response import Redirect

from adapters.http.api.sessions import person_of
from adapters.http.authentication import expired_session
from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.landing import landing_of
from adapters.http.requests import Req, config_of
from adapters.http.templating import page
from adapters.http.text import _, ngettext
from adapters.http.web.forms import fields_of, known_id
from application.identity.act_as import ActAs
from application.identity.see_devices import SeeDevices
from application.identity.sign_out import RemoveDevice, SignOutEverywhere
from domain.errors import NotFound, NotPermitted
from domain.identity.permission import Permission, Role
from domain.ids import SessionId

DEVICES = "/account/devices"


class DevicesController(Controller):
    path = DEVICES
    include_in_schema = False

    @get("/", needs=Permission.SIGNED_IN)
    async def devices(self, request: Req, see_devices: NamedDependency[SeeDevices]) -> Response[Any]:
        here = person_of(request).session_id
        found = await see_devices(request.user)
        return page(
            request,
            "account/devices.html",
            devices=sorted(found, key=lambda device: device.session_id != here),
            here=here,
        )

    @post("/remove", needs=Permission.SIGNED_IN, status_code=303)
    async def remove(self, request: Req, remove_device: NamedDependency[RemoveDevice]) -> Redirect:
        session_id = SessionId(known_id((await fields_of(request)).get("device", "")))
        try:
            await remove_device(request.user, session_id)
        except NotFound:
            return redirect(request, DEVICES, _("This device is signed out already."), "notice")
        return redirect(request, DEVICES, _("The device is signed out."))

    @post("/everywhere", needs=Permission.SIGNED_IN, status_code=303)
    async def everywhere(self, request: Req, sign_out_everywhere: NamedDependency[SignOutEverywhere]) -> Redirect:
        """``keep``: this device goes on."""
        keep = bool((await fields_of(request)).get("keep"))
        ended = await sign_out_everywhere(request.user, but=person_of(request).session_id if keep else None)
        if keep:
            text = ngettext("{n} other device is signed out.", "{n} other devices are signed out.", ended)
            return redirect(request, DEVICES, text)
        answer = redirect(request, "/sign-in", _("You are signed out everywhere."))
        answer.cookies.extend(expired_session(config_of(request)))
        return answer


class HatController(Controller):
    path = "/account/acting-as"
    include_in_schema = False

    @get("/", needs=Permission.SIGNED_IN, sync_to_thread=False)
    def hats(self, request: Req) -> Response[Any]:
        """``hats`` is in the context of every page."""
        return page(request, "account/hats.html", acting=person_of(request).role)

    @post("/", needs=Permission.SIGNED_IN, status_code=303)
    async def put_on(self, request: Req, act_as: NamedDependency[ActAs]) -> Redirect:
        told = (await fields_of(request)).get("role", "")
        role = next((role for role in Role if role.value == told), None)
        if role is None:
            raise NotPermitted("you do not have the role {role} here", role=told[:40])
        user = await act_as(request.user, person_of(request).session_id, role)
        return Redirect(landing_of(role, user.onboarding_of(role)), status_code=303)


CONTROLLERS_MAIN = (DevicesController, HatController)
CONTROLLERS_ADMIN = (DevicesController, HatController)
