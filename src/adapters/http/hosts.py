"""Requests that name a host which is not ours go no further: links and cookies would follow the name. (OPS-10)
A host that an academy has claimed leads into that academy; all others of ours lead into the first one. (ADM-10)

Probes name addresses instead of hosts; what they ask for tells nothing and leads nowhere.
"""

from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import urlsplit

import msgspec
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.http.config import HttpConfig
from adapters.http.problem import MEDIA_TYPE, Problem
from domain.identity.permission import Audience
from domain.ids import AcademyId
from ports.academy import FIRST_ACADEMY, within

PROBED: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
KINDS: Final = frozenset({ScopeType.HTTP, ScopeType.WEBSOCKET})
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@lru_cache(maxsize=1024)
def name_of(host: str) -> str:
    """The name alone, without the port; empty when it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def trusted(names: tuple[str, ...]) -> frozenset[str]:
    """One name of this machine stands for all its names."""
    found = frozenset(name_of(name) for name in names) - {""}
    return found | LOOPBACK if found & LOOPBACK else found


class Directory(Protocol):
    """``adapters.academies.Academies``."""

    async def academy_of(self, host: str, door: Audience) -> AcademyId | None: ...

    def url(self, door: Audience) -> str: ...

    def name(self) -> str: ...


class Hosts:
    """``config.trusted_hosts``: names that requests may use; those in ``base_url`` when there are none."""

    def __init__(self, app: ASGIApp, config: HttpConfig, directory: Directory | None = None) -> None:
        self._app, self._config, self._directory = app, config, directory
        self._names = trusted(config.trusted_hosts or (urlsplit(config.base_url).netloc,))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in KINDS or scope["path"] in PROBED:
            await self._app(scope, receive, send)
            return
        academy = await self.academy_of(Headers.from_scope(scope).get("host", ""))
        if academy is not None:
            with within(academy):
                if academy != FIRST_ACADEMY:
                    scope["state"]["http"] = self.config_of_academy()
                await self._app(scope, receive, send)
            return
        body = Problem(
            type="urn:halaqa:problem:unknown_host",
            title="Bad Request",
            status=400,
            code="unknown_host",
            detail="This server does not go by the host name of the request.",
            request_id=str(scope["state"].get("request_id", "")),
        )
        answer = ASGIResponse(
            body=msgspec.json.encode(body), media_type=MEDIA_TYPE, status_code=400, is_head_response=False
        )
        await answer(scope, receive, send)

    async def academy_of(self, given: str) -> AcademyId | None:
        """Of the host that a request names; None when it is not ours."""
        host = name_of(given)
        academy = await self._directory.academy_of(host, self._config.audience) if self._directory else None
        return academy or (FIRST_ACADEMY if host in self._names else None)

    def config_of_academy(self) -> HttpConfig:
        """Of the one at hand, which has hosts of its own."""
        directory = self._directory
        if directory is None:
            return self._config
        other = Audience.ADMIN if self._config.audience is Audience.MAIN else Audience.MAIN
        return msgspec.structs.replace(
            self._config,
            base_url=directory.url(self._config.audience),
            other_url=directory.url(other),
            school_name=directory.name(),
        )
