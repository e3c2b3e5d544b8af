"""Both doors over accounts in memory, for tests that sign in."""

from collections.abc import Sequence
from typing import Any

from application.identity.act_as import ActAs
from application.identity.admit import Admit
from application.identity.open_session import OpenSession
from application.identity.refresh import Refresh
from application.identity.register import Register
from application.identity.resend_verification import ResendVerification
from application.identity.see_devices import SeeDevices
from application.identity.sign_in import SignIn
from application.identity.sign_out import RemoveDevice, SignOut, SignOutEverywhere
from application.identity.verify_email import VerifyEmail
from domain.errors import NotFound
from domain.identity.permission import Audience
from domain.identity.provider import ProviderProfile
from fakes.identity import MemorySessionCache
from ports.clock import Clock, NewId
from ports.identity.passwords import PasswordHasher
from ports.identity.providers import Departure, Provider
from ports.identity.queries import DeviceQueries
from ports.identity.session_cache import SessionCache
from ports.throttle import Throttle
from ports.unit_of_work import NewUnit

SECRET = "a-secret-for-tests-only-0123456789"


class NoProviders:
    """Nobody else vouches for anybody."""

    def offered(self) -> Sequence[Provider]:
        return []

    async def depart(self, name: str, *, back_to: str) -> Departure:
        raise NotFound("there is no such provider")

    async def arrive(self, name: str, *, back_to: str, code: str, nonce: str, verifier: str) -> ProviderProfile:
        raise NotFound("there is no such provider")


class Cases:
    """The use cases of signing in and out, by the names that handlers ask for."""

    def __init__(
        self,
        audience: Audience,
        units: NewUnit,
        clock: Clock,
        new_id: NewId,
        hasher: PasswordHasher,
        throttle: Throttle,
        devices: DeviceQueries,
        cache: SessionCache | None = None,
    ) -> None:
        cache = cache or MemorySessionCache()
        self.cache = cache
        self.open_session = OpenSession(units, clock, new_id, audience)
        self.admit = Admit(units, clock, audience, self.open_session)
        self.register = Register(units, clock, new_id, hasher)
        self.sign_in = SignIn(units, hasher, audience, throttle, self.admit)
        self.refresh = Refresh(units, clock, cache, audience, SECRET)
        self.sign_out = SignOut(units, clock, cache)
        self.sign_out_everywhere = SignOutEverywhere(units, clock, cache)
        self.remove_device = RemoveDevice(units, clock, cache)
        self.see_devices = SeeDevices(devices, clock)
        self.act_as = ActAs(units, clock, cache)
        self.identity_providers = NoProviders()
        self.verify_email = VerifyEmail(units, clock, cache)
        self.resend_verification = ResendVerification(units, clock)

    def by_name(self) -> dict[str, Any]:
        return vars(self)
