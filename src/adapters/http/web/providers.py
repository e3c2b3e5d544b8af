"""Off to another provider to sign in there, and back. (ID-02, ID-03)"""

from typing import Any

from litestar import Controller, Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from adapters.http.flash import local_path, redirect
from adapters.http.given import NamedDependency
from adapters.http.refusals import refusal
from adapters.http.requests import Connection, Req, config_of, device_of, viewer_of
from adapters.http.text import _
from adapters.http.welcome import flow_name, short_cookie, site_of, welcome
from adapters.http.words import sentence
from application.identity.authenticate import WrongDoor
from application.identity.sign_in_by_provider import DepartToProvider, NoAccountHere, Return, SignInByProvider
from domain.errors import NotSignedIn
from domain.identity.permission import Permission
from domain.identity.provider import AddressNotProven, ProviderRefused
from ports.errors import GatewayUnavailable


def back_to(request: Connection, provider: str) -> str:
    """Where the provider sends people back to: to be entered there as a redirect address."""
    return f"{site_of(request).origin}/sign-in/with/{provider}/callback"


class ProviderController(Controller):
    path = "/sign-in/with"
    include_in_schema = False

    @get("/{provider:str}", needs=Permission.NOTHING)
    async def depart(
        self,
        request: Req,
        provider: FromPath[str],
        depart_to_provider: NamedDependency[DepartToProvider],
        next: FromQuery[str] = "",
    ) -> Response[Any]:
        """A link and no form: a form may end only at addresses that the policy of the page knows."""
        config = config_of(request)
        try:
            left = await depart_to_provider(provider, back_to=back_to(request, provider), next=local_path(next, ""))
        except GatewayUnavailable:
            return redirect(request, "/sign-in", _("That provider does not answer. Try again in a minute."), "problem")
        flow = short_cookie(config, flow_name(config), left.flow)
        return Redirect(left.address, status_code=303, cookies=[flow], headers={"cache-control": "no-store"})

    @get("/{provider:str}/callback", needs=Permission.NOTHING)
    async def arrive(
        self,
        request: Req,
        provider: FromPath[str],
        sign_in_by_provider: NamedDependency[SignInByProvider],
    ) -> Response[Any]:
        """The answer always leads on: no address that stays in the history carries the code. A state that is not ours
        is answered with 400.
        """
        config, viewer = config_of(request), viewer_of(request)
        back = Return(
            provider=provider,
            flow=request.cookies.get(flow_name(config), ""),
            state=request.query_params.get("state", ""),
            code=request.query_params.get("code", ""),
            back_to=back_to(request, provider),
            zone=viewer.zone,
            locale=viewer.locale,
            device=device_of(request),
        )
        answer: Redirect
        try:
            arrived = await sign_in_by_provider(back)
        except (ProviderRefused, AddressNotProven, NoAccountHere, WrongDoor, NotSignedIn) as error:
            answer = redirect(request, "/sign-in", sentence(refusal(error)), "problem")
        except GatewayUnavailable:
            text = _("That provider does not answer. Try again in a minute.")
            answer = redirect(request, "/sign-in", text, "problem")
        else:
            answer = welcome(request, arrived.outcome, arrived.next)
        answer.cookies.append(short_cookie(config, flow_name(config), ""))
        return answer


CONTROLLERS_MAIN = (ProviderController,)
CONTROLLERS_ADMIN = (ProviderController,)
