"""Google Calendar v3, as far as classes and busy times need it.

Calendar ignores fields that it does not know, so what is sent here is checked against its published description in the
tests. Our own event ids make ``insert`` repeatable: a second one is answered with 409.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from adapters.google.hosts import Hosts
from adapters.google.oauth import AccessTokens, Identity
from adapters.outgoing.http import Caller
from ports.errors import GatewayRefused, GatewayUnavailable
from ports.scheduling.connections import AccessLost

T = TypeVar("T")
UNKNOWN: Final = frozenset({"authError", "UNAUTHENTICATED", "401"})
"""It does not know the access token (any more)."""


class Moment(msgspec.Struct, frozen=True, rename={"date_time": "dateTime", "time_zone": "timeZone"}):
    """A day, or an instant."""

    date: str = ""
    date_time: str = ""
    time_zone: str = ""


class Attendee(msgspec.Struct, frozen=True, rename={"response": "responseStatus", "me": "self"}):
    response: str = ""
    me: bool = False


class Properties(msgspec.Struct, frozen=True):
    private: dict[str, str] = {}


class EntryPoint(msgspec.Struct, frozen=True, rename={"kind": "entryPointType"}):
    kind: str = ""
    uri: str = ""


class RequestStatus(msgspec.Struct, frozen=True, rename={"code": "statusCode"}):
    code: str = ""


class CreateRequest(msgspec.Struct, frozen=True):
    status: RequestStatus = RequestStatus()


class Conference(
    msgspec.Struct, frozen=True, rename={"request": "createRequest", "entries": "entryPoints", "id": "conferenceId"}
):
    id: str = ""
    request: CreateRequest = CreateRequest()
    entries: list[EntryPoint] = []


class GoogleEvent(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={
        "uid": "iCalUID",
        "kind": "eventType",
        "properties": "extendedProperties",
        "conference": "conferenceData",
        "link": "hangoutLink",
    },
):
    id: str
    status: str = "confirmed"
    start: Moment = Moment()
    end: Moment = Moment()
    transparency: str = "opaque"
    uid: str = ""
    kind: str = "default"
    attendees: list[Attendee] = []
    properties: Properties = Properties()
    conference: Conference = Conference()
    link: str = ""


class EventPage(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"zone": "timeZone", "page": "nextPageToken", "token": "nextSyncToken"},
):
    items: list[GoogleEvent] = []
    summary: str = ""
    zone: str = "UTC"
    page: str = ""
    token: str = ""


class GoogleApi:
    """Any of Google's services under one guard. A token that is refused is renewed once.

    Raises AccessLost, GatewayRefused with Google's word, GatewayUnavailable (NotSent where nobody was reached).
    """

    def __init__(self, hosts: Hosts, caller: Caller, tokens: AccessTokens) -> None:
        self.hosts, self._caller, self._tokens = hosts, caller, tokens

    async def check(self, identity: Identity) -> None:
        """Whether we are still let in: asks for a token, whatever is kept."""
        await self._tokens.of(identity, instead_of=await self._tokens.of(identity))

    async def ask(
        self,
        identity: Identity,
        method: str,
        url: str,
        *,
        endpoint: str,
        repeatable: bool,
        params: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> httpx.Response:
        token = await self._tokens.of(identity)
        for last in (False, True):
            try:
                return await self._caller.ask(
                    method,
                    url,
                    endpoint=endpoint,
                    repeatable=repeatable,
                    headers={"authorization": f"Bearer {token}"},
                    params=params,
                    json=json,
                )
            except GatewayRefused as error:
                if error.code not in UNKNOWN:
                    raise
                if last:
                    raise AccessLost("google", "does not know the token it has just given", error.code) from error
            token = await self._tokens.of(identity, instead_of=token)
        raise AssertionError("the second time either returns or raises")


class GoogleCalendar:
    """``calendar`` is an id, or "primary". Nobody is told by mail of anything done here."""

    def __init__(self, api: GoogleApi) -> None:
        self._api = api

    async def insert(self, identity: Identity, calendar: str, body: Mapping[str, Any]) -> GoogleEvent:
        params = {"conferenceDataVersion": "1", "sendUpdates": "none"}
        answer = await self._ask(identity, "POST", _events(calendar), "POST events", params, body)
        return decoded(answer, GoogleEvent)

    async def get(self, identity: Identity, calendar: str, event: str) -> GoogleEvent:
        answer = await self._ask(identity, "GET", f"{_events(calendar)}/{event}", "GET event")
        return decoded(answer, GoogleEvent)

    async def patch(self, identity: Identity, calendar: str, event: str, body: Mapping[str, Any]) -> GoogleEvent:
        params = {"conferenceDataVersion": "1", "sendUpdates": "none"}
        answer = await self._ask(identity, "PATCH", f"{_events(calendar)}/{event}", "PATCH event", params, body)
        return decoded(answer, GoogleEvent)

    async def delete(self, identity: Identity, calendar: str, event: str) -> None:
        params = {"sendUpdates": "none"}
        await self._ask(identity, "DELETE", f"{_events(calendar)}/{event}", "DELETE event", params)

    async def page(self, identity: Identity, calendar: str, params: Mapping[str, str]) -> EventPage:
        return decoded(await self._ask(identity, "GET", _events(calendar), "GET events", params), EventPage)

    async def _ask(
        self,
        identity: Identity,
        method: str,
        path: str,
        endpoint: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        url = f"{self._api.hosts.calendar}{path}"
        return await self._api.ask(identity, method, url, endpoint=endpoint, repeatable=True, params=params, json=body)


def _events(calendar: str) -> str:
    return f"/calendars/{quote(calendar, safe='')}/events"


def decoded(answer: httpx.Response, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.DecodeError as error:
        raise GatewayUnavailable("google", "an answer cannot be read") from error
