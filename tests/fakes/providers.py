"""Another provider where anybody may be signed in; what it tells is set by the test."""

from collections.abc import Sequence

from domain.errors import NotFound
from domain.identity.provider import ProviderProfile, ProviderRefused
from ports.identity.providers import Departure, Provider


class FakeProviders:
    def __init__(self, *names: str) -> None:
        self.names = names
        self.profile = ProviderProfile(
            provider="google", subject="g-1", email="maryam1@example.org", email_verified=True, name="Maryam Khan"
        )
        self._left: Departure | None = None

    def offered(self) -> Sequence[Provider]:
        return [Provider(name, name.capitalize()) for name in self.names]

    async def depart(self, name: str, *, back_to: str) -> Departure:
        if name not in self.names:
            raise NotFound("nobody signs in here that way")
        self._left = Departure(f"https://{name}.example/auth", f"state of {name}", "nonce", "verifier")
        return self._left

    async def arrive(self, name: str, *, back_to: str, code: str, nonce: str, verifier: str) -> ProviderProfile:
        if self._left is None or (nonce, verifier) != (self._left.nonce, self._left.verifier) or code != "good":
            raise ProviderRefused("the provider did not accept this sign-in; start again")
        return self.profile
