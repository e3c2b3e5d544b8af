"""Whether everything the school stands on answers, on one page. (ADM-06)"""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from litestar import Controller, Response, get

from adapters.http.given import NamedDependency
from adapters.http.health import Probe, answers
from adapters.http.requests import Req
from adapters.http.templating import page
from application.oversight.health import Probes, ShowHealth
from domain.identity.permission import Permission


class AdminHealthController(Controller):
    path = "/health"
    include_in_schema = False

    @get("/", needs=Permission.SEE_JOBS)
    async def health(self, request: Req, show_health: NamedDependency[ShowHealth]) -> Response[Any]:
        return page(request, "admin/health.html", health=await show_health(request.user, probes_of(request)))


def probes_of(request: Req) -> Probes:
    """What this process can ask, each as yes or no."""

    def asks(name: str, probe: Probe) -> Callable[[], Awaitable[bool]]:
        return lambda: answers(name, probe)

    found = cast("dict[str, Probe]", request.app.state.probes)
    return {name: asks(name, probe) for name, probe in found.items()}
