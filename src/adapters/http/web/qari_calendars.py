"""A Qari's other calendars: connect one, see how reading it goes, take it away. (DISC-06)"""

from typing import Any, Final
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from adapters.http.config import HttpConfig
from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.refusals import refusal
from adapters.http.requests import Connection as Asking
from adapters.http.requests import Req, config_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of
from adapters.http.welcome import short_cookie, site_of
from adapters.http.words import sentence
from application.scheduling.connect_calendar import (
    ChangeCalendarConnection,
    ConnectCalendar,
    LeaveForConsent,
    ListCalendars,
)
from domain.errors import Conflict, Invalid
from domain.identity.permission import Permission
from domain.identity.provider import ProviderRefused
from domain.ids import ConnectionId
from domain.scheduling.connection import FRESH
from ports.clock import Clock
from ports.errors import GatewayUnavailable
from ports.scheduling.connections import CalendarConsent

PATH: Final = "/qari/calendars"


def back_to(request: Asking) -> str:
    """To be entered at Google as a redirect address."""
    return f"{site_of(request).origin}{PATH}/google/callback"


def journey_name(config: HttpConfig) -> str:
    return config.cookie("halaqa_calendar_journey")


class QariCalendarsController(Controller):
    path = PATH
    include_in_schema = False

    @get("/", needs=Permission.SET_AVAILABILITY)
    async def show(
        self,
        request: Req,
        list_calendars: NamedDependency[ListCalendars],
        calendar_consent: NamedDependency[CalendarConsent],
        clock: NamedDependency[Clock],
    ) -> Response[Any]:
        return await _shown(request, list_calendars, calendar_consent, clock)

    @post("/address", needs=Permission.SET_AVAILABILITY, status_code=303)
    async def by_address(
        self,
        request: Req,
        list_calendars: NamedDependency[ListCalendars],
        calendar_consent: NamedDependency[CalendarConsent],
        connect_calendar: NamedDependency[ConnectCalendar],
        clock: NamedDependency[Clock],
    ) -> Response[Any]:
        fields = await fields_of(request)
        try:
            await connect_calendar.by_address(
                request.user, fields.get("address", ""), strict=bool(fields.get("strict"))
            )
        except (Invalid, Conflict) as error:
            return await _shown(request, list_calendars, calendar_consent, clock, sentence(refusal(error)))
        except GatewayUnavailable:
            text = _("That address does not answer just now. Try again in a minute.")
            return await _shown(request, list_calendars, calendar_consent, clock, text)
        return redirect(request, PATH, _("The calendar is connected."))

    @get("/google", needs=Permission.SET_AVAILABILITY)
    async def to_google(self, request: Req, leave_for_consent: NamedDependency[LeaveForConsent]) -> Response[Any]:
        """A link and no form: a form may end only at addresses that the policy of the page knows."""
        address, journey = await leave_for_consent(request.user, back_to=back_to(request))
        config = config_of(request)
        cookie = short_cookie(config, journey_name(config), journey)
        return Redirect(address, status_code=303, cookies=[cookie], headers={"cache-control": "no-store"})

    @get("/google/callback", needs=Permission.SET_AVAILABILITY)
    async def from_google(self, request: Req, connect_calendar: NamedDependency[ConnectCalendar]) -> Response[Any]:
        """The answer always leads on: no address that stays in the history carries the code."""
        config = config_of(request)
        try:
            await connect_calendar.by_consent(
                request.user,
                request.cookies.get(journey_name(config), ""),
                state=request.query_params.get("state", ""),
                code=request.query_params.get("code", ""),
                back_to=back_to(request),
            )
        except (ProviderRefused, Conflict) as error:
            answer = redirect(request, PATH, sentence(refusal(error)), "problem")
        except GatewayUnavailable:
            text = _("Google does not answer just now. Try again in a minute.")
            answer = redirect(request, PATH, text, "problem")
        else:
            answer = redirect(request, PATH, _("The calendar is connected."))
        answer.cookies.append(short_cookie(config, journey_name(config), ""))
        return answer

    @post("/{calendar_id:uuid}/strict", needs=Permission.SET_AVAILABILITY, status_code=303)
    async def strict(
        self,
        request: Req,
        calendar_id: FromPath[UUID],
        change_connection: NamedDependency[ChangeCalendarConnection],
    ) -> Response[Any]:
        strict = (await fields_of(request)).get("strict") == "yes"
        await change_connection.set_strict(request.user, ConnectionId(calendar_id), strict=strict)
        return redirect(request, PATH, _("Saved."))

    @post("/{calendar_id:uuid}/read", needs=Permission.SET_AVAILABILITY, status_code=303)
    async def read(
        self,
        request: Req,
        calendar_id: FromPath[UUID],
        change_connection: NamedDependency[ChangeCalendarConnection],
    ) -> Response[Any]:
        read = await change_connection.read_now(request.user, ConnectionId(calendar_id))
        if read.error:
            return redirect(request, PATH, _("It could not be read."), "problem")
        return redirect(request, PATH, _("It has been read."))

    @post("/{calendar_id:uuid}/remove", needs=Permission.SET_AVAILABILITY, status_code=303)
    async def remove(
        self,
        request: Req,
        calendar_id: FromPath[UUID],
        change_connection: NamedDependency[ChangeCalendarConnection],
    ) -> Response[Any]:
        await change_connection.remove(request.user, ConnectionId(calendar_id))
        return redirect(request, PATH, _("The calendar is removed; its times count no more."))


async def _shown(
    request: Req, list_calendars: ListCalendars, consent: CalendarConsent, clock: Clock, error: str = ""
) -> Response[Any]:
    now = clock.now()
    calendars = await list_calendars(request.user)
    return page(
        request,
        "qari/calendars.html",
        status_code=422 if error else 200,
        calendars=[{"it": one, "stale": one.is_stale(now), "lost": one.status == "lost"} for one in calendars],
        google=consent.offered,
        fresh_min=int(FRESH.total_seconds() // 60),
        error=error,
    )


CONTROLLERS_MAIN = (QariCalendarsController,)
