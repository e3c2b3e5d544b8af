"""A Qari's other calendars, for programs. (DISC-06)"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from application.scheduling.connect_calendar import ChangeCalendarConnection, ConnectCalendar, ListCalendars
from domain.identity.permission import Permission
from domain.ids import ConnectionId
from domain.scheduling.connection import Connection, Source, Status
from ports.clock import Clock


class CalendarIn(msgspec.Struct, forbid_unknown_fields=True):
    """The address of a published calendar (ICS). ``strict``: no bookings while it cannot be read."""

    address: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    strict: bool = False


class StrictIn(msgspec.Struct, forbid_unknown_fields=True):
    strict: bool


class ConnectedOut(msgspec.Struct, kw_only=True):
    """``stale``: nothing could be read for a quarter of an hour. ``error``: the word for what is wrong, or empty."""

    id: UUID
    source: Source
    label: str
    status: Status
    strict: bool
    stale: bool
    last_read_at: datetime | None
    error: str

    @classmethod
    def of(cls, connection: Connection, at: datetime) -> "ConnectedOut":
        return cls(
            id=connection.id,
            source=connection.source,
            label=connection.label,
            status=connection.status,
            strict=connection.strict,
            stale=connection.is_stale(at),
            last_read_at=connection.last_read_at,
            error=connection.error,
        )


class ConnectedList(msgspec.Struct):
    items: list[ConnectedOut]


class MyCalendarsController(Controller):
    path = "/api/v1/my/calendars"
    tags = ("availability",)

    @get("/", needs=Permission.SET_AVAILABILITY, summary="My other calendars")
    async def mine(
        self, request: Req, list_calendars: NamedDependency[ListCalendars], clock: NamedDependency[Clock]
    ) -> ConnectedList:
        now = clock.now()
        return ConnectedList([ConnectedOut.of(one, now) for one in await list_calendars(request.user)])

    @post("/", needs=Permission.SET_AVAILABILITY, summary="Connect a published calendar")
    async def connect(
        self,
        request: Req,
        data: JSONBody[CalendarIn],
        connect_calendar: NamedDependency[ConnectCalendar],
        clock: NamedDependency[Clock],
    ) -> ConnectedOut:
        """It is read at once. An address that gives no calendar, or does not lead to the public Internet, is a 422. A
        Google calendar is connected on the page, where its owner says yes.
        """
        found = await connect_calendar.by_address(request.user, data.address, strict=data.strict)
        return ConnectedOut.of(found, clock.now())

    @patch("/{calendar_id:uuid}", needs=Permission.SET_AVAILABILITY, summary="Say what holds while it cannot be read")
    async def change(
        self,
        request: Req,
        calendar_id: FromPath[UUID],
        data: JSONBody[StrictIn],
        change_connection: NamedDependency[ChangeCalendarConnection],
        clock: NamedDependency[Clock],
    ) -> ConnectedOut:
        found = await change_connection.set_strict(request.user, ConnectionId(calendar_id), strict=data.strict)
        return ConnectedOut.of(found, clock.now())

    @delete("/{calendar_id:uuid}", needs=Permission.SET_AVAILABILITY, summary="Remove one of them")
    async def remove(
        self,
        request: Req,
        calendar_id: FromPath[UUID],
        change_connection: NamedDependency[ChangeCalendarConnection],
    ) -> None:
        """Its times count no more, at once."""
        await change_connection.remove(request.user, ConnectionId(calendar_id))


CONTROLLERS_MAIN = (MyCalendarsController,)
