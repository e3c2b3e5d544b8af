"""OpenID Connect as a relying party: authorization code with PKCE, state and nonce. (ID-02)

Source: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.7; RFC 7636; RFC 9700, section 2.1.1.
"""

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from domain.errors import NotFound
from domain.identity.provider import ProviderProfile, ProviderRefused
from ports.errors import GatewayUnavailable
from ports.identity.providers import Departure, Provider

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures by a key pair alone: with a shared secret as the key, whoever knows the secret could be anybody."""
FRESH_S: Final = 3600
LEEWAY_S: Final = 60


class OidcSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One provider. ``issuers`` are names it may sign with besides ``issuer``; ``token_endpoint`` stands in where the
    provider's own description does not tell it.
    """

    name: str
    label: str
    issuer: str
    client_id: str
    client_secret: str
    scope: str = "openid email profile"
    token_endpoint: str = ""
    issuers: tuple[str, ...] = ()


class _Described(msgspec.Struct, frozen=True):
    """The part of ``/.well-known/openid-configuration`` that we use."""

    issuer: str
    authorization_endpoint: str
    jwks_uri: str
    token_endpoint: str = ""


class _Granted(msgspec.Struct, frozen=True):
    """The part of the token endpoint's answer that we use; a refusal has none."""

    id_token: str


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class OidcProviders:
    """Keeps ``ports.identity.providers.IdentityProviders``."""

    def __init__(self, providers: Sequence[OidcSettings], client: httpx.AsyncClient) -> None:
        self._providers = {provider.name: provider for provider in providers}
        self._client = client
        self._described: dict[str, tuple[float, _Described]] = {}
        self._keys: dict[str, tuple[float, KeySet]] = {}

    def offered(self) -> Sequence[Provider]:
        return [Provider(found.name, found.label) for found in self._providers.values()]

    async def depart(self, name: str, *, back_to: str) -> Departure:
        provider = self._provider(name)
        described = await self._describe(provider)
        state, nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        query = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": back_to,
            "scope": provider.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        start = described.authorization_endpoint
        address = f"{start}{'&' if '?' in start else '?'}{urlencode(query)}"
        return Departure(address, state, nonce, verifier)

    async def arrive(self, name: str, *, back_to: str, code: str, nonce: str, verifier: str) -> ProviderProfile:
        provider = self._provider(name)
        described = await self._describe(provider)
        id_token = await self._exchange(provider, described, back_to, code, verifier)
        claims = await self._claims(provider, described, id_token, nonce)
        subject, email = claims.get("sub"), claims.get("email")
        if not isinstance(subject, str) or not subject or len(subject) > 255:
            raise ProviderRefused("the provider did not say who you are")
        return ProviderProfile(
            provider=name,
            subject=subject,
            email=email if isinstance(email, str) else "",
            email_verified=claims.get("email_verified") is True or claims.get("email_verified") == "true",
            name=str(claims.get("name") or ""),
        )

    def _provider(self, name: str) -> OidcSettings:
        if name not in self._providers:
            raise NotFound("nobody signs in here that way")
        return self._providers[name]

    async def _exchange(
        self, provider: OidcSettings, described: _Described, back_to: str, code: str, verifier: str
    ) -> str:
        """The signed statement who it is. The access token that comes with it is of no use to us."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back_to,
            "client_id": provider.client_id,
            "client_secret": provider.client_secret,
            "code_verifier": verifier,
        }
        endpoint = provider.token_endpoint or described.token_endpoint
        try:
            answer = await self._client.post(endpoint, data=form, headers={"accept": "application/json"})
        except httpx.HTTPError as error:
            raise GatewayUnavailable(provider.name, "no answer") from error
        if answer.status_code >= 500:
            raise GatewayUnavailable(provider.name, f"status {answer.status_code}")
        try:
            granted = msgspec.json.decode(answer.content, type=_Granted)
        except msgspec.DecodeError as error:
            raise ProviderRefused("the provider did not accept this sign-in; start again") from error
        return granted.id_token

    async def _claims(
        self, provider: OidcSettings, described: _Described, id_token: str, nonce: str
    ) -> Mapping[str, Any]:
        """Those of a token that this provider signed, for us, for this very sign-in, not long ago."""
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "values": [described.issuer, *provider.issuers]},
            aud={"essential": True, "value": provider.client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            token = await self._decoded(provider, described, id_token)
            registry.validate(token.claims)
        except (JoseError, ValueError) as error:
            raise ProviderRefused("the provider's answer could not be checked; start again") from error
        meant_for = token.claims["aud"]
        shared = isinstance(meant_for, list) and len(meant_for) > 1
        if shared and token.claims.get("azp") != provider.client_id:
            raise ProviderRefused("the provider's answer is meant for somebody else")
        return token.claims

    async def _decoded(self, provider: OidcSettings, described: _Described, id_token: str) -> jwt.Token:
        """Once more with newly fetched keys when none fits: providers change theirs."""
        try:
            return jwt.decode(id_token, await self._keys_of(provider, described), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            keys = await self._keys_of(provider, described, older_than_s=60)
            return jwt.decode(id_token, keys, algorithms=list(ALGORITHMS))

    async def _describe(self, provider: OidcSettings) -> _Described:
        kept = self._described.get(provider.name)
        if kept is not None and time.monotonic() - kept[0] < FRESH_S:
            return kept[1]
        raw = await self._fetch(provider, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            described = msgspec.json.decode(raw, type=_Described)
        except msgspec.DecodeError as error:
            raise GatewayUnavailable(provider.name, "its description cannot be read") from error
        self._described[provider.name] = time.monotonic(), described
        return described

    async def _keys_of(self, provider: OidcSettings, described: _Described, *, older_than_s: float = FRESH_S) -> KeySet:
        kept = self._keys.get(provider.name)
        if kept is not None and time.monotonic() - kept[0] < older_than_s:
            return kept[1]
        raw = await self._fetch(provider, described.jwks_uri)
        try:
            keys = KeySet.import_key_set(msgspec.json.decode(raw))
        except (msgspec.DecodeError, JoseError, KeyError, TypeError) as error:
            raise GatewayUnavailable(provider.name, "its keys cannot be read") from error
        self._keys[provider.name] = time.monotonic(), keys
        return keys

    async def _fetch(self, provider: OidcSettings, address: str) -> bytes:
        try:
            answer = await self._client.get(address, headers={"accept": "application/json"})
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise GatewayUnavailable(provider.name, "no answer") from error
        return answer.content
