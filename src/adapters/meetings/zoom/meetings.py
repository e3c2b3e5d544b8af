"""Classes at Zoom: scheduled meetings of the school's hosts. (LIVE-01, LIVE-03, LIVE-10)

Zoom makes a new meeting each time it is asked, so each carries its lesson in the agenda: where an answer was lost, the
host's meetings are looked through before another one is made. Nobody's name or address is told; the host's own
``start_url`` is asked for when he enters, and kept nowhere.
"""

import secrets
import string
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from adapters.meetings.zoom.client import ZoomClient, read, segment
from domain.scheduling.meeting_server import MeetingServer, Service
from domain.time import TimeSlot
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent
from ports.scheduling.meetings import MeetingRequest, Participant, RoomGone

SCHEDULED: Final = 2
PASSCODE_LONG: Final = 10
MOST_TOPIC: Final = 200
PAGE: Final = 300
PAGES: Final = 20
_LETTERS: Final = string.ascii_letters + string.digits


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """What ``create`` answers, as JSON. ``id`` as text: it is longer than what JavaScript counts with."""

    account: str
    id: str
    url: str
    passcode: str


class Made(msgspec.Struct, kw_only=True):
    id: int
    join_url: str
    start_url: str = ""
    password: str = ""


class Listed(msgspec.Struct, kw_only=True):
    id: int
    agenda: str = ""


class Page(msgspec.Struct, kw_only=True):
    meetings: list[Listed] = []
    next_page_token: str = ""


class ZoomMeetings:
    name: Final = Service.ZOOM.value
    needs_host: Final = True

    def __init__(self, clients: Iterable[ZoomClient]) -> None:
        self._clients = {client.account.name: client for client in clients}

    async def create(self, request: MeetingRequest) -> str:
        client, host = self._of(request)
        if request.again and (found := await self._found(client, host, request)) is not None:
            return found
        try:
            content = await client.ask(
                "POST",
                f"/users/{segment(host)}/meetings",
                endpoint="POST users/meetings",
                repeatable=False,
                json=_wanted(request, waiting_room=client.account.waiting_room),
                host=host,
            )
            made = read(content, Made, client.gateway, "POST users/meetings")
        except NotSent:
            raise
        except GatewayUnavailable:
            found = await self._found(client, host, request)
            if found is None:
                raise
            return found
        return _handle(client, made)

    async def join_url(
        self, room: str, participant: Participant, *, server: MeetingServer, opens_at: datetime, closes_at: datetime
    ) -> str:
        """The Qari starts the class as its host; the others wait until he lets them in."""
        found = _room(room)
        if not participant.leads:
            return found.url
        client = self._client(found.account)
        made = await self._get(client, found.id)
        if not made.start_url:
            raise GatewayUnavailable(client.gateway, "GET meetings: it does not say how its host comes in")
        return made.start_url

    def reference(self, room: str) -> str:
        found = _room(room)
        return f"{found.account}:{found.id}"

    async def move(self, room: str, slot: TimeSlot) -> None:
        found = _room(room)
        await self._client(found.account).ask(
            "PATCH",
            f"/meetings/{found.id}",
            endpoint="PATCH meetings",
            repeatable=True,
            json=_times(slot),
        )

    async def cancel(self, room: str) -> None:
        found = _room(room)
        await self._delete(self._client(found.account), found.id)

    async def withdraw(self, request: MeetingRequest) -> None:
        if request.host is None:
            return
        client, host = self._of(request)
        for meeting_id in await self._ours(client, host, request):
            await self._delete(client, str(meeting_id))

    async def _found(self, client: ZoomClient, host: str, request: MeetingRequest) -> str | None:
        """The first one that was made for this lesson; others are taken away."""
        first, *others = [*await self._ours(client, host, request), 0]
        if not first:
            return None
        for meeting_id in others[:-1]:
            await self._delete(client, str(meeting_id))
        try:
            made = await self._get(client, str(first))
        except RoomGone:
            return None
        await self.move(_handle(client, made), request.slot)
        return _handle(client, made)

    async def _ours(self, client: ZoomClient, host: str, request: MeetingRequest) -> Sequence[int]:
        found: list[int] = []
        token = ""
        for _ in range(PAGES):
            params = {"type": "upcoming", "page_size": PAGE} | ({"next_page_token": token} if token else {})
            content = await client.ask(
                "GET",
                f"/users/{segment(host)}/meetings",
                endpoint="GET users/meetings",
                repeatable=True,
                params=params,
            )
            page = read(content, Page, client.gateway, "GET users/meetings")
            found += [meeting.id for meeting in page.meetings if meeting.agenda.startswith(_marker(request))]
            token = page.next_page_token
            if not token:
                break
        return sorted(found)

    async def _get(self, client: ZoomClient, meeting_id: str) -> Made:
        content = await client.ask("GET", f"/meetings/{meeting_id}", endpoint="GET meetings", repeatable=True)
        return read(content, Made, client.gateway, "GET meetings")

    async def _delete(self, client: ZoomClient, meeting_id: str) -> None:
        try:
            await client.ask(
                "DELETE",
                f"/meetings/{meeting_id}",
                endpoint="DELETE meetings",
                repeatable=True,
                params={"schedule_for_reminder": "false", "cancel_meeting_reminder": "false"},
            )
        except RoomGone:
            return

    def _of(self, request: MeetingRequest) -> tuple[ZoomClient, str]:
        if request.host is None:
            raise GatewayRefused("zoom", "a class needs a host", "no_host")
        return self._client(request.host.account), request.host.address

    def _client(self, account: str) -> ZoomClient:
        if account not in self._clients:
            raise GatewayRefused(f"zoom/{account}", "this account is not set up", "no_account")
        return self._clients[account]


def _wanted(request: MeetingRequest, *, waiting_room: bool) -> dict[str, Any]:
    return {
        "topic": request.title[:MOST_TOPIC],
        "type": SCHEDULED,
        **_times(request.slot),
        "password": "".join(secrets.choice(_LETTERS) for _ in range(PASSCODE_LONG)),
        "agenda": _marker(request),
        "settings": {
            "host_video": True,
            "participant_video": True,
            "join_before_host": False,
            "waiting_room": waiting_room,
            "meeting_authentication": False,
            "auto_recording": "none",
            "email_notification": False,
        },
    }


def _times(slot: TimeSlot) -> dict[str, Any]:
    return {"start_time": slot.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "duration": slot.minutes}


def _marker(request: MeetingRequest) -> str:
    return f"halaqa:{request.lesson_id.hex}"


def _handle(client: ZoomClient, made: Made) -> str:
    room = Room(account=client.account.name, id=str(made.id), url=made.join_url, passcode=made.password)
    return msgspec.json.encode(room).decode()


def _room(room: str) -> Room:
    return msgspec.json.decode(room, type=Room)
