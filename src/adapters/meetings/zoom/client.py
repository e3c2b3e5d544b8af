"""Calls to Zoom's API with a token of a server-to-server app.

Source: Zoom developer documentation, "Server-to-Server OAuth" (a token lasts an hour, there is none to refresh it),
"API Rate Limits" (per account, over all its apps; 100 meetings made or changed a day for each user), "Error codes".
"""

import base64
from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from adapters.meetings.zoom.accounts import ZoomAccount
from adapters.outgoing.guard import Crowded, Guard
from adapters.outgoing.http import Caller
from adapters.outgoing.tokens import Fresh, Tokens
from ports.budget import Budget, Rate
from ports.errors import GatewayError, GatewayRefused, GatewayUnavailable
from ports.scheduling.meetings import RoomGone

API: Final = "https://api.zoom.us/v2"
OAUTH: Final = "https://zoom.us"
ACCOUNT_RATE: Final = Rate(name="zoom", times=20)
ENDPOINT_RATE: Final = Rate(name="zoom-endpoint", times=10)
HOST_RATE: Final = Rate(name="zoom-host", times=50, per_s=86_400)
"""All at once and as many again over the day: a hundred in any 24 hours."""
EARLY_S: Final = 300.0
GONE: Final = frozenset({3000, 3001})
BAD_TOKEN: Final = 124


T = TypeVar("T")


class Token(msgspec.Struct):
    access_token: str
    expires_in: int


class Trouble(msgspec.Struct):
    """Of the API ``code`` and ``message``, of the token's address ``error`` and ``reason``."""

    code: int = 0
    message: str = ""
    error: str = ""
    reason: str = ""


class BadToken(GatewayRefused):
    """The token is not good any more."""


class Refusal:
    def __init__(self, gateway: str) -> None:
        self._gateway = gateway

    def __call__(self, answer: httpx.Response) -> GatewayError:
        try:
            said = msgspec.json.decode(answer.content, type=Trouble)
        except msgspec.DecodeError:
            said = Trouble()
        code = str(said.code or said.error or answer.status_code)
        words = said.message or said.reason or f"answered {answer.status_code}"
        if said.code in GONE:
            return RoomGone(self._gateway, words, code)
        if said.code == BAD_TOKEN or (answer.status_code == 401 and not said.error):
            return BadToken(self._gateway, words, code)
        return GatewayRefused(self._gateway, words, code)


class ZoomClient:
    """One account. Its token is fetched once for all who wait, and again when Zoom takes it no more."""

    def __init__(
        self,
        account: ZoomAccount,
        client: httpx.AsyncClient,
        guard: Guard,
        budget: Budget,
        tokens: Tokens | None = None,
        *,
        api: str = API,
        oauth: str = OAUTH,
    ) -> None:
        self.account, self.gateway = account, guard.name
        self._caller = Caller(client, guard, Refusal(guard.name))
        self._budget, self._tokens = budget, tokens or Tokens()
        self._api, self._oauth = api.rstrip("/"), oauth.rstrip("/")

    async def ask(
        self,
        method: str,
        path: str,
        *,
        endpoint: str,
        repeatable: bool,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        host: str = "",
    ) -> bytes:
        """``host``: whose daily count of changes the call takes from. Raises RoomGone, GatewayRefused,
        GatewayUnavailable.
        """
        if host and await self._budget.take(HOST_RATE, f"{self.gateway} {host}", patience_s=0) is None:
            raise Crowded(self.gateway, f"{endpoint}: this host has had its changes of the day")
        refused = ""
        for last in (False, True):
            refused = token = await self._tokens.of(self._key, self._fetch, instead_of=refused)
            try:
                answer = await self._caller.ask(
                    method,
                    self._api + path,
                    endpoint=endpoint,
                    repeatable=repeatable,
                    params=params,
                    json=json,
                    headers={"authorization": f"Bearer {token}"},
                )
            except BadToken as error:
                if last:
                    raise GatewayRefused(self.gateway, "takes none of its own tokens", error.code) from error
                continue
            return answer.content
        raise AssertionError("the second time answers or raises")

    @property
    def _key(self) -> str:
        return f"zoom:{self.account.account_id}:{self.account.client_id}:{self._oauth}"

    async def _fetch(self) -> Fresh:
        basic = base64.b64encode(f"{self.account.client_id}:{self.account.client_secret}".encode()).decode()
        answer = await self._caller.ask(
            "POST",
            f"{self._oauth}/oauth/token",
            endpoint="POST oauth/token",
            repeatable=True,
            headers={"authorization": f"Basic {basic}"},
            form={"grant_type": "account_credentials", "account_id": self.account.account_id},
        )
        token = read(answer.content, Token, self.gateway, "POST oauth/token")
        return Fresh(token.access_token, token.expires_in - EARLY_S)


def read(content: bytes, kind: type[T], gateway: str, endpoint: str) -> T:
    """An answer that cannot be read says nothing about what was done."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise GatewayUnavailable(gateway, f"{endpoint}: its answer cannot be read") from error


def segment(text: str) -> str:
    return quote(text, safe="@")
