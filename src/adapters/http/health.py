"""Is it alive, is it ready, what does it count, and what does it offer. (OPS-04)"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from typing import Any, Final, Literal, cast

import msgspec
import structlog
from litestar import Controller, Response, get
from litestar.exceptions import NotFoundException

from adapters.http.addresses import client_address, is_within
from adapters.http.metrics import CONTENT_TYPE, Metrics
from adapters.http.requests import Req, config_of
from domain.identity.permission import Permission

Probe = Callable[[], Awaitable[None]]
"""Raises when the thing it looks at is not usable."""
Tell = Callable[[bytes], Awaitable[bytes]]
"""Given what this application has counted, all there is to know."""
_PATIENCE_S: Final = 2.0
SPARED: Final = frozenset({"redis", "data_folder"})
"""What the school stays open without: more slowly, or without mails and files for a while."""
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
        """Looks at each dependency; 503 when one is not usable that nothing works without. Without Redis, or with a
        full disk, requests are served all the same, so that must not take the process out of service.
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

    @get("/metrics", needs=Permission.NOTHING, anonymous=True, include_in_schema=False)
    async def metrics(self, request: Req) -> Response[Any]:
        """For those who show the token or ask from one of the networks; nobody else learns that it is there."""
        if not _may_read(request):
            raise NotFoundException
        own = cast(Metrics, request.app.state.metrics).text()
        tell = cast("Tell | None", request.app.state.tell)
        text = await tell(own) if tell is not None else own
        return Response(text, media_type=CONTENT_TYPE, headers={"cache-control": "no-store"})


def _may_read(request: Req) -> bool:
    """Who comes through a proxy that nobody has told us of looks like the proxy: he is not believed to be near."""
    config = config_of(request)
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if config.metrics_token and compare_digest(token.encode(), config.metrics_token.encode()):
        return True
    if not config.trusted_proxies and "x-forwarded-for" in request.headers:
        return False
    return is_within(client_address(request.scope, config.trusted_proxies), config.metrics_networks)
