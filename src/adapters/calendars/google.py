"""A Qari's Google calendar: read whole once a day, then only what has changed. Titles and guests are never asked for.

Source: Google Calendar API docs, "Synchronize resources efficiently" and "Events: list".
"""

from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from adapters.calendars.ours import Ours, key_of
from adapters.google.accounts import GoogleAccount
from adapters.google.calendar import EventPage, GoogleEvent, Moment
from adapters.google.oauth import READ_EVENTS, Granted, Identity, new_state
from adapters.google.service import GoogleService
from domain.errors import Invalid
from domain.time import TimeSlot, zone_of
from ports.errors import GatewayRefused, GatewayUnavailable
from ports.scheduling.connections import AccessLost, BusyPart, BusyRead, Leaving

FIELDS: Final = (
    "summary,timeZone,nextPageToken,nextSyncToken,"
    "items(id,status,start,end,transparency,eventType,iCalUID,attendees(self,responseStatus),extendedProperties/private)"
)
MOST_PAGES: Final = 20
A_PAGE: Final = "2500"
STARTED_OVER: Final = frozenset({"fullSyncRequired", "updatedMinTooLongAgo", "410"})
ELSEWHERE: Final = frozenset({"workingLocation", "birthday"})
"""Kinds of entries that say where somebody is, or whose day it is."""


class Opened(msgspec.Struct, frozen=True):
    """What is kept of a Qari's leave, sealed."""

    refresh_token: str


class GoogleConsent:
    """Keeps ``ports.scheduling.connections.CalendarConsent``. ``account``: the client that the school is there."""

    def __init__(self, account: GoogleAccount | None, service: GoogleService) -> None:
        self._account, self._service = account, service

    @property
    def offered(self) -> bool:
        return self._account is not None

    def leave(self, *, back_to: str) -> Leaving:
        state, verifier = new_state()
        address = self._service.oauth.consent_address(
            client_id=_client(self._account).client_id,
            scope=READ_EVENTS,
            back_to=back_to,
            state=state,
            verifier=verifier,
        )
        return Leaving(address=address, state=state, verifier=verifier)

    async def arrive(self, *, code: str, verifier: str, back_to: str) -> str:
        granted = await self._service.oauth.exchange(
            _identity(self._account), code=code, verifier=verifier, back_to=back_to
        )
        _require_all(granted)
        return msgspec.json.encode(Opened(granted.refresh_token)).decode()


class GoogleBusy:
    """Keeps ``ports.scheduling.connections.BusySource``. Reads the calendar that is called "primary"."""

    def __init__(self, account: GoogleAccount | None, service: GoogleService, ours: Ours) -> None:
        self._account, self._service, self._ours = account, service, ours

    async def read(self, secret: str, cursor: str, window: TimeSlot, zone: str) -> BusyRead:
        identity = _identity(self._account, msgspec.json.decode(secret, type=Opened).refresh_token)
        if cursor:
            try:
                return await self._pages(identity, {"syncToken": cursor}, window, whole=False)
            except GatewayRefused as error:
                if error.code not in STARTED_OVER:
                    raise
        span = {"timeMin": _instant(window.start), "timeMax": _instant(window.end)}
        return await self._pages(identity, span, window, whole=True)

    async def forget(self, secret: str) -> None:
        await self._service.oauth.revoke(msgspec.json.decode(secret, type=Opened).refresh_token)

    async def _pages(self, identity: Identity, which: dict[str, str], window: TimeSlot, *, whole: bool) -> BusyRead:
        """The page that names the next token is the last one."""
        params = {**which, "singleEvents": "true", "maxResults": A_PAGE, "fields": FIELDS}
        parts: list[BusyPart] = []
        for _ in range(MOST_PAGES):
            page = await self._service.calendar.page(identity, "primary", params)
            parts += [BusyPart(key_of(event.id), self._busy(event, page, window)) for event in page.items]
            if page.token:
                return BusyRead(parts=parts, whole=whole, cursor=page.token, label=page.summary)
            if not page.page:
                raise GatewayUnavailable("google", "the list of events does not end as it should")
            params["pageToken"] = page.page
        raise GatewayRefused("google", "there are too many events", "tooManyEvents")

    def _busy(self, event: GoogleEvent, page: EventPage, window: TimeSlot) -> TimeSlot | None:
        declined = any(guest.me and guest.response == "declined" for guest in event.attendees)
        free = event.status == "cancelled" or event.transparency == "transparent" or event.kind in ELSEWHERE
        if free or declined or "halaqa_lesson" in event.properties.private or self._ours(event.uid):
            return None
        start, end = _at(event.start, page.zone), _at(event.end, page.zone)
        if start is None or end is None or start >= end:
            return None
        slot = TimeSlot(start, end)
        return slot if slot.overlaps(window) else None


def _require_all(granted: Granted) -> None:
    """At Google's page somebody can leave out what we ask for, and still press on."""
    if not granted.refresh_token or (granted.scope and READ_EVENTS not in granted.scope.split()):
        raise AccessLost("google", "not all was allowed that is needed", "incomplete")


def _client(account: GoogleAccount | None) -> GoogleAccount:
    if account is None:
        raise AccessLost("google", "this installation is not known to it", "noClient")
    return account


def _identity(account: GoogleAccount | None, refresh_token: str = "") -> Identity:
    client = _client(account)
    return Identity(client_id=client.client_id, client_secret=client.client_secret, refresh_token=refresh_token)


def _at(moment: Moment, zone: str) -> datetime | None:
    try:
        if moment.date_time:
            found = datetime.fromisoformat(moment.date_time)
            return (found if found.tzinfo else found.replace(tzinfo=_zone(moment.time_zone or zone))).astimezone(UTC)
        if moment.date:
            day = datetime.fromisoformat(moment.date).date()
            return datetime.combine(day, time(), _zone(zone)).astimezone(UTC)
    except ValueError:
        return None
    return None


def _zone(name: str) -> ZoneInfo:
    try:
        return zone_of(name)
    except Invalid:
        return ZoneInfo("UTC")


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
