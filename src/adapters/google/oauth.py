"""Access to Google's services: by a person's leave, or as a service account.

Source: Google Identity docs, "Using OAuth 2.0 for Web Server Applications" and "… for Server to Server Applications";
RFC 7636.
"""

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

import msgspec
from joserfc import jwt
from joserfc.jwk import RSAKey

from adapters.google.accounts import ServiceAccount
from adapters.google.hosts import Hosts
from adapters.outgoing.http import Caller
from adapters.outgoing.tokens import Fresh, Tokens
from ports.errors import GatewayUnavailable

EVENTS: Final = "https://www.googleapis.com/auth/calendar.events"
READ_EVENTS: Final = "https://www.googleapis.com/auth/calendar.events.readonly"
SPACES: Final = "https://www.googleapis.com/auth/meetings.space.settings"
EARLY_S: Final = 120.0
"""A token is renewed so long before it ends: no call is made with one that ends on the way."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has let us in, or a service account; ``scope`` is for the latter alone."""

    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    service_account: ServiceAccount | None = None
    scope: str = ""

    @property
    def key(self) -> str:
        told = self.refresh_token or (self.service_account.client_email if self.service_account else "")
        subject = self.service_account.subject if self.service_account else ""
        return hashlib.sha256(f"{self.client_id}\0{told}\0{subject}\0{self.scope}".encode()).hexdigest()


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    access_token: str
    expires_in: float = 3599.0
    scope: str = ""
    refresh_token: str = ""


class GoogleOAuth:
    """Raises AccessLost for a leave that was taken back, GatewayRefused, GatewayUnavailable."""

    def __init__(self, hosts: Hosts, caller: Caller, clock: Callable[[], float] = time.time) -> None:
        self._hosts, self._caller, self._clock = hosts, caller, clock

    def consent_address(self, *, client_id: str, scope: str, back_to: str, state: str, verifier: str) -> str:
        """``offline`` and ``consent`` together make sure that a refresh token comes back."""
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": back_to,
            "scope": scope,
            "state": state,
            "access_type": "offline",
            "prompt": "consent",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._hosts.consent}?{urlencode(query)}"

    async def exchange(self, identity: Identity, *, code: str, verifier: str, back_to: str) -> Granted:
        """A code is good once, so this is never repeated by itself."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back_to,
            "code_verifier": verifier,
            "client_id": identity.client_id,
            "client_secret": identity.client_secret,
        }
        return await self._token(form, repeatable=False)

    async def renew(self, identity: Identity) -> Granted:
        if identity.service_account is not None:
            form = {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": self._assertion(identity.service_account, identity.scope),
            }
        else:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": identity.refresh_token,
                "client_id": identity.client_id,
                "client_secret": identity.client_secret,
            }
        return await self._token(form, repeatable=True)

    async def revoke(self, refresh_token: str) -> None:
        form = {"token": refresh_token}
        await self._caller.ask("POST", self._hosts.revoke, endpoint="POST revoke", repeatable=True, form=form)

    async def _token(self, form: dict[str, str], *, repeatable: bool) -> Granted:
        answer = await self._caller.ask(
            "POST", self._hosts.token, endpoint="POST token", repeatable=repeatable, form=form
        )
        try:
            return msgspec.json.decode(answer.content, type=Granted)
        except msgspec.DecodeError as error:
            raise GatewayUnavailable("google", "its token cannot be read") from error

    def _assertion(self, account: ServiceAccount, scope: str) -> str:
        now = int(self._clock())
        header = {"alg": "RS256", "typ": "JWT"} | ({"kid": account.private_key_id} if account.private_key_id else {})
        claims = {
            "iss": account.client_email,
            "sub": account.subject,
            "scope": scope,
            "aud": "https://oauth2.googleapis.com/token",
            "iat": now,
            "exp": now + 3600,
        }
        return jwt.encode(header, claims, RSAKey.import_key(account.private_key), algorithms=["RS256"])


class AccessTokens:
    """``tokens``: where they are kept while they are good."""

    def __init__(self, oauth: GoogleOAuth, tokens: Tokens | None = None) -> None:
        self._oauth, self._tokens = oauth, tokens or Tokens()

    async def of(self, identity: Identity, *, instead_of: str = "") -> str:
        """``instead_of``: a token that was refused, though it should have been good. Raises like ``renew``."""

        async def fetch() -> Fresh:
            granted = await self._oauth.renew(identity)
            return Fresh(granted.access_token, granted.expires_in - EARLY_S)

        return await self._tokens.of(f"google:{identity.key}", fetch, instead_of=instead_of)


def new_state() -> tuple[str, str]:
    """For one journey: a state and a verifier."""
    return secrets.token_urlsafe(24), secrets.token_urlsafe(48)
