"""Classes on Google Meet: an event in the school's own calendar, under an id that follows from the lesson.

So asking twice makes one class. No guest is invited: nobody's address reaches Google, and nobody gets mail from there.
The class is opened to whoever has its link, because the school's account is not there to let anybody in; the link is
shown to the two of them alone, and only around the lesson. (LIVE-01, LIVE-03, LIVE-11, SAFE-06)

Source: Google Calendar API v3, "Events"; Google Meet API v2, "Spaces".
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from adapters.google.accounts import GoogleAccount
from adapters.google.calendar import GoogleEvent, decoded
from adapters.google.service import GoogleService, school_identity
from domain.scheduling.meeting_server import MeetingServer, Service
from domain.time import TimeSlot
from ports.errors import GatewayRefused, GatewayUnavailable
from ports.scheduling.meetings import MeetingRequest, Participant, RoomGone

POLLS_S: Final = (0.3, 0.7, 1.5, 3.0)
"""A class that is still being made is asked for again after these waits; then the sweep does."""
GONE: Final = frozenset({"notFound", "deleted", "404", "410", "NOT_FOUND"})
TAKEN: Final = frozenset({"duplicate", "409"})


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept, sealed."""

    event: str
    link: str


class Space(msgspec.Struct, frozen=True):
    name: str


class GoogleMeetings:
    name: Final = Service.GOOGLE_MEET.value
    needs_host: Final = False

    def __init__(
        self,
        account: GoogleAccount,
        service: GoogleService,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._account, self._service, self._sleep = account, service, sleep
        self.account = account.name
        self._identity, self._calendar = school_identity(account), account.calendar

    async def create(self, request: MeetingRequest) -> str:
        event = await self._made(request)
        event = await self._with_link(event)
        link = _link(event)
        if self._account.open_rooms:
            await self._open(event, link)
        return msgspec.json.encode(Room(event=event.id, link=link)).decode()

    async def join_url(
        self, room: str, participant: Participant, *, server: MeetingServer, opens_at: datetime, closes_at: datetime
    ) -> str:
        """The same for both: who somebody is stays with us."""
        return _read(room).link

    def reference(self, room: str) -> str:
        """It tells nothing by itself; who came is asked for."""
        return ""

    async def move(self, room: str, slot: TimeSlot) -> None:
        try:
            await self._service.calendar.patch(self._identity, self._calendar, _read(room).event, _times(slot))
        except GatewayRefused as error:
            if error.code in GONE:
                raise RoomGone(self.name, "the event is gone", error.code) from error
            raise

    async def cancel(self, room: str) -> None:
        await self._remove(_read(room).event)

    async def withdraw(self, request: MeetingRequest) -> None:
        await self._remove(event_id(request.lesson_id))

    async def check(self) -> None:
        """Whether the account still lets us in. Raises AccessLost, GatewayRefused, GatewayUnavailable. (LIVE-02)"""
        await self._service.api.check(self._identity)

    async def _made(self, request: MeetingRequest) -> GoogleEvent:
        calendar, ours = self._service.calendar, event_id(request.lesson_id)
        try:
            return await calendar.insert(self._identity, self._calendar, _body(request))
        except GatewayRefused as error:
            if error.code not in TAKEN:
                raise
        event = await calendar.get(self._identity, self._calendar, ours)
        if event.status == "cancelled":
            again = _body(request, attempt=f"{ours}{request.slot.start:%Y%m%d%H%M}") | {"status": "confirmed"}
            del again["id"]
            return await calendar.patch(self._identity, self._calendar, ours, again)
        return event

    async def _with_link(self, event: GoogleEvent) -> GoogleEvent:
        for wait in (*POLLS_S, None):
            if event.link or _video(event):
                return event
            if event.conference.request.status.code == "failure":
                raise GatewayRefused(self.name, "it could not make the class", "conferenceFailure")
            if wait is None:
                break
            await self._sleep(wait)
            event = await self._service.calendar.get(self._identity, self._calendar, event.id)
        raise GatewayUnavailable(self.name, "the class is still being made")

    async def _open(self, event: GoogleEvent, link: str) -> None:
        code = event.conference.id or urlsplit(link).path.strip("/")
        spaces, api = f"{self._service.api.hosts.meet}/spaces", self._service.api
        answer = await api.ask(self._identity, "GET", f"{spaces}/{code}", endpoint="GET space", repeatable=True)
        space = decoded(answer, Space)
        await api.ask(
            self._identity,
            "PATCH",
            f"{spaces}/{space.name.removeprefix('spaces/')}",
            endpoint="PATCH space",
            repeatable=True,
            params={"updateMask": "config.accessType"},
            json={"config": {"accessType": "OPEN"}},
        )

    async def _remove(self, event: str) -> None:
        try:
            await self._service.calendar.delete(self._identity, self._calendar, event)
        except GatewayRefused as error:
            if error.code not in GONE:
                raise


def event_id(lesson_id: UUID) -> str:
    """Of the letters that Google allows (a to v and digits), a UUID uses few."""
    return lesson_id.hex


def _body(request: MeetingRequest, attempt: str = "") -> dict[str, Any]:
    ours = event_id(request.lesson_id)
    return {
        "id": ours,
        "summary": request.title,
        **_times(request.slot),
        "visibility": "private",
        "guestsCanInviteOthers": False,
        "reminders": {"useDefault": False},
        "extendedProperties": {"private": {"halaqa_lesson": ours}},
        "conferenceData": {
            "createRequest": {
                "requestId": attempt or ours,
                "conferenceSolutionKey": {"type": "hangoutsMeet"},
            }
        },
    }


def _times(slot: TimeSlot) -> dict[str, Any]:
    return {"start": _moment(slot.start), "end": _moment(slot.end)}


def _moment(at: datetime) -> dict[str, str]:
    return {"dateTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "timeZone": "UTC"}


def _video(event: GoogleEvent) -> str:
    return next((entry.uri for entry in event.conference.entries if entry.kind == "video"), "")


def _link(event: GoogleEvent) -> str:
    link = event.link or _video(event)
    if urlsplit(link).scheme != "https":
        raise GatewayRefused("google_meet", "its link is no address of a class", "badLink")
    return link


def _read(room: str) -> Room:
    return msgspec.json.decode(room, type=Room)
