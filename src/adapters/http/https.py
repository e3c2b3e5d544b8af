"""Plain http is answered with the way to https, and with nothing else, wherever the door is reached by https. (OPS-15)

What ends TLS in front of us says in ``X-Forwarded-Proto`` how it was reached; where nothing is in front, the connection
itself tells. A caller who lies about it over plain http deceives nobody but himself.
"""

from typing import Final
from urllib.parse import urlsplit

import msgspec
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.http.config import HttpConfig
from adapters.http.hosts import PROBED
from adapters.http.problem import MEDIA_TYPE, Problem

SAFE: Final = frozenset({"GET", "HEAD"})


class HttpsOnly:
    """Inside ``Hosts``: the host that is sent on is one of ours. A write is refused: it was readable on its way."""

    def __init__(self, app: ASGIApp, config: HttpConfig) -> None:
        self._app, self._secure = app, config.secure
        port = urlsplit(config.base_url).port
        self._port = f":{port}" if port is not None else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._secure or scope["type"] != ScopeType.HTTP or scope["path"] in PROBED or is_encrypted(scope):
            await self._app(scope, receive, send)
            return
        answer = self._onward(scope) if scope["method"] in SAFE else _refusal(scope)
        await answer(scope, receive, send)

    def _onward(self, scope: Scope) -> ASGIResponse:
        name = urlsplit(f"//{Headers.from_scope(scope).get('host', '')}").hostname or ""
        raw = scope.get("raw_path") or scope["path"].encode()
        path = raw.split(b"?")[0].decode("ascii", "replace")
        query = scope["query_string"].decode("ascii", "replace")
        address = f"https://{name}{self._port}{path}" + (f"?{query}" if query else "")
        return ASGIResponse(status_code=308, headers={"location": address}, is_head_response=False)


def is_encrypted(scope: Scope) -> bool:
    told = Headers.from_scope(scope).get("x-forwarded-proto", "").rsplit(",", 1)[-1].strip().lower()
    return (told or scope["scheme"]) == "https"


def _refusal(scope: Scope) -> ASGIResponse:
    body = Problem(
        type="urn:halaqa:problem:https_required",
        title="Forbidden",
        status=403,
        code="https_required",
        detail="This server takes nothing over plain http.",
        request_id=str(scope["state"].get("request_id", "")),
    )
    return ASGIResponse(body=msgspec.json.encode(body), media_type=MEDIA_TYPE, status_code=403, is_head_response=False)
