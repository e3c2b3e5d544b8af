"""Makes API calls fail on request, the way networks and providers fail. See ``faults``."""

import asyncio
from typing import Any

import asyncpg
import msgspec
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from adapters.payments.sandbox.config import SandboxConfig
from adapters.payments.sandbox.faults import take_api_failure
from adapters.payments.sandbox.wire import ErrorBody, ErrorObject

_BROKEN = ErrorObject(error=ErrorBody(type="api_error", code="internal_error", message="Something broke on our side."))
_TOO_MANY = ErrorObject(error=ErrorBody(type="rate_limit_error", code="rate_limit", message="Too many requests."))


class Trouble(ASGIMiddleware):
    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if not scope["path"].startswith("/v1/"):
            await next_app(scope, receive, send)
            return
        state = scope["litestar_app"].state
        config: SandboxConfig = state.config
        pool: asyncpg.Pool[Any] = state.pool
        async with pool.acquire() as connection:
            failure = await take_api_failure(connection)
        if failure == "none":
            await next_app(scope, receive, send)
        elif failure == "error":
            await _answer(send, 500, _BROKEN)
        elif failure == "too_many":
            await _answer(send, 429, _TOO_MANY)
        elif failure == "timeout":
            await asyncio.sleep(config.hang_s)
            await _hang_up(send)
        else:
            await next_app(scope, receive, _nowhere)
            await _hang_up(send)


async def _nowhere(_: Message) -> None:
    """The answer that gets lost."""


async def _answer(send: Send, status: int, error: ErrorObject) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"application/json"), (b"retry-after", b"1")],
        }
    )
    await send({"type": "http.response.body", "body": msgspec.json.encode(error), "more_body": False})


async def _hang_up(send: Send) -> None:
    """Promises a body and leaves: the server closes the connection, the client sees it break."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
