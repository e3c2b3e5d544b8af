"""Devices and hats for programs and for pages' scripts. (ID-18, ID-19)"""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, JSONBody

from adapters.http.authentication import expired_session
from adapters.http.given import NamedDependency
from adapters.http.landing import landing_of
from adapters.http.requests import Req, config_of, signed_in
from application.identity.act_as import ActAs
from application.identity.see_devices import SeeDevices
from application.identity.sign_out import RemoveDevice, SignOutEverywhere
from domain.errors import NotSignedIn
from domain.identity.permission import Permission, Role, permissions_of
from domain.ids import SessionId
from ports.identity.queries import SignedIn


class DeviceOut(msgspec.Struct, kw_only=True):
    """``label``: what the device called itself when it signed in. ``current``: the one that asks."""

    id: UUID
    label: str
    entrance: str
    role: Role
    signed_in_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


class EverywhereIn(msgspec.Struct, forbid_unknown_fields=True):
    """``keep_this_one``: all other devices."""

    keep_this_one: bool = False


class EndedOut(msgspec.Struct):
    ended: int


class HatIn(msgspec.Struct, forbid_unknown_fields=True):
    role: Role


class HatOut(msgspec.Struct, kw_only=True):
    role: Role
    roles: list[Role]
    permissions: list[Permission]
    landing: str


class DeviceController(Controller):
    path = "/api/v1/auth"
    tags = ("identity",)

    @get("/devices", needs=Permission.SIGNED_IN, summary="Where am I signed in")
    async def devices(self, request: Req, see_devices: NamedDependency[SeeDevices]) -> list[DeviceOut]:
        """At both entrances, most recently used first. Use is noted every five minutes."""
        here = person_of(request).session_id
        return [
            DeviceOut(
                id=device.session_id,
                label=device.label,
                entrance=device.audience.value,
                role=device.role,
                signed_in_at=device.created_at,
                last_seen_at=device.last_seen_at,
                expires_at=device.expires_at,
                current=device.session_id == here,
            )
            for device in await see_devices(request.user)
        ]

    @delete("/devices/{session_id:uuid}", needs=Permission.SIGNED_IN, summary="Sign a device out")
    async def remove(
        self, request: Req, session_id: FromPath[UUID], remove_device: NamedDependency[RemoveDevice]
    ) -> None:
        """Its tokens are good for nothing from the next request on."""
        await remove_device(request.user, SessionId(session_id))

    @post("/sign-out-everywhere", needs=Permission.SIGNED_IN, status_code=200, summary="Sign out everywhere")
    async def everywhere(
        self, request: Req, data: JSONBody[EverywhereIn], sign_out_everywhere: NamedDependency[SignOutEverywhere]
    ) -> Response[EndedOut]:
        """All devices at both entrances, this one included unless it is to be kept."""
        here = person_of(request).session_id
        ended = await sign_out_everywhere(request.user, but=here if data.keep_this_one else None)
        cookies = [] if data.keep_this_one else expired_session(config_of(request))
        return Response(EndedOut(ended), cookies=cookies)

    @post("/act-as", needs=Permission.SIGNED_IN, status_code=200, summary="Put on another hat")
    async def act_as(self, request: Req, data: JSONBody[HatIn], act_as: NamedDependency[ActAs]) -> HatOut:
        """For this session alone; the tokens stay the same. 403 for a role one does not have behind this entrance."""
        person = person_of(request)
        user = await act_as(request.user, person.session_id, data.role)
        return HatOut(
            role=data.role,
            roles=sorted(user.roles),
            permissions=sorted(permissions_of(person.audience, data.role)),
            landing=landing_of(data.role, user.onboarding_of(data.role)),
        )


def person_of(request: Req) -> SignedIn:
    """Raises NotSignedIn."""
    person = signed_in(request)
    if person is None:
        raise NotSignedIn("sign in first")
    return person


CONTROLLERS_MAIN = (DeviceController,)
CONTROLLERS_ADMIN = (DeviceController,)
