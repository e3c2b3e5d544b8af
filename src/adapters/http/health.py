"""Is it alive, is it ready, what does it count, and what does it offer. (OPS-04)"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal, cast

import msgspec
import structlog
from litestar import Controller, Response, get

from adapters.http.metrics import CONTENT_TYPE, Metrics
from adapters.http.requests import Req
from domain.identity.permission import Permission

Probe = Callable[[], Awaitable[None]]
"""Raises when the thing it looks at is not usable."""
_PATIENCE_S: Final = 2.0
SPARED: Final = frozenset({"redis"})
"""What the school stays open without, more slowly."""
log = structlog.get_logger("http.health")


class Live(msgspec.Struct, frozen=True):
    status: Literal["ok"] = "ok"


class Check(msgspec.Struct, frozen=True):
    name: str
    ok: bool


class Ready(msgspec.Struct, frozen=True):
    status: Literal["ok", "degraded", "unavailable"]
    checks: list[Check]


async def _try(name: str, probe: Probe) -> Check:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await probe()
    except Exception as error:  # noqa: BLE001 - whatever it is, the thing is not ready
        log.warning("not ready", check=name, error=type(error).__name__)
        return Check(name, ok=False)
    return Check(name, ok=True)


async def answers(name: str, probe: Probe) -> bool:
    """Within its time, whatever goes wrong."""
    return (await _try(name, probe)).ok


class HealthController(Controller):
    tags = ("operations",)

    @get("/health/live", needs=Permission.NOTHING, anonymous=True, sync_to_thread=False, summary="Is the process alive")
    def live(self) -> Live:
        """Answers as long as the process can answer at all."""
        return Live()

    @get("/health/ready", needs=Permission.NOTHING, anonymous=True, summary="Can it serve requests")
    async def ready(self, request: Req) -> Response[Ready]:
        """Looks at each dependency; 503 when one is not usable that nothing works without. Without Redis requests are
        served all the same, so its absence must not take the process out of service.
        """
        probes = cast("Mapping[str, Probe]", request.app.state.probes)
        checks = await asyncio.gather(*(_try(name, probe) for name, probe in probes.items()))
        missing = {check.name for check in checks if not check.ok}
        serves = missing <= SPARED
        return Response(
            Ready("unavailable" if not serves else "degraded" if missing else "ok", list(checks)),
            status_code=200 if serves else 503,
            headers={"cache-control": "no-store"},
        )

    @get("/metrics", needs=Permission.NOTHING, anonymous=True, sync_to_thread=False, include_in_schema=False)
    def metrics(self, request: Req) -> Response[Any]:
        """Keep this address behind the proxy."""
        return Response(cast(Metrics, request.app.state.metrics).text(), media_type=CONTENT_TYPE)
