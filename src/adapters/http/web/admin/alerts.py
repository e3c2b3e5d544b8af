"""What needs a person just now, and what needed one. (OPS-09)"""

from typing import Any

from litestar import Controller, Response, get
from litestar.params import FromQuery

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import next_page
from adapters.languages.alerts import ADVICE, HEADINGS
from application.oversight.see_alerts import SeeAlerts
from domain.identity.permission import Permission
from domain.oversight.alert import Alert


class AdminAlertsController(Controller):
    path = "/alerts"
    include_in_schema = False

    @get("/", needs=Permission.SEE_JOBS)
    async def alerts(
        self, request: Req, see_alerts: NamedDependency[SeeAlerts], cursor: FromQuery[str | None] = None
    ) -> Response[Any]:
        found = await see_alerts(request.user, cursor=cursor)
        return page(
            request,
            "admin/alerts.html",
            standing=[_told(alert) for alert in found.standing],
            past=[_told(alert) for alert in found.past.items],
            next=next_page("/alerts", found.past.next_cursor),
            first="/alerts" if cursor else None,
        )


def _told(alert: Alert) -> dict[str, Any]:
    return {
        "it": alert,
        "heading": _(HEADINGS[alert.rule]).format(subject=alert.subject),
        "advice": _(ADVICE[alert.rule]).format(number=alert.number),
    }
