"""Signing in by OpenID Connect: the school sends somebody there, and he comes back with a code."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from domain.identity.provider import ProviderProfile


class Provider(msgspec.Struct, frozen=True):
    """``label`` is what people call it."""

    name: str
    label: str


class Departure(msgspec.Struct, frozen=True):
    """``address`` is where to go; the rest has to be known again on return, by this browser alone."""

    address: str
    state: str
    nonce: str
    verifier: str


@runtime_checkable
class IdentityProviders(Protocol):
    """Raises NotFound for a provider that is not configured, GatewayUnavailable for one that does not answer.
    Checkable, because Litestar checks what it injects into handlers.
    """

    def offered(self) -> Sequence[Provider]: ...

    async def depart(self, name: str, *, back_to: str) -> Departure: ...

    async def arrive(self, name: str, *, back_to: str, code: str, nonce: str, verifier: str) -> ProviderProfile:
        """Raises ProviderRefused for a code, a token or a nonce that is not good."""
        ...
