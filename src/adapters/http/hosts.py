"""Requests that name a host which is not ours go no further: links and cookies would follow the name. (OPS-10)

Probes name addresses instead of hosts; what they ask for tells nothing and leads nowhere.
"""

from typing import Final
from urllib.parse import urlsplit

import msgspec
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.http.config import HttpConfig
from adapters.http.problem import MEDIA_TYPE, Problem

PROBED: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
KINDS: Final = frozenset({ScopeType.HTTP, ScopeType.WEBSOCKET})
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


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


class Hosts:
    """``config.trusted_hosts``: names that requests may use; those in ``base_url`` when there are none."""

    def __init__(self, app: ASGIApp, config: HttpConfig) -> None:
        self._app = app
        self._names = trusted(config.trusted_hosts or (urlsplit(config.base_url).netloc,))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in KINDS or scope["path"] in PROBED or self._names >= {self._host(scope)}:
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

    @staticmethod
    def _host(scope: Scope) -> str:
        return name_of(Headers.from_scope(scope).get("host", ""))
