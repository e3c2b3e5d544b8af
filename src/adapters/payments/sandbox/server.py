"""The provider as an ASGI app. One process serves the API and the pages, sends the webhooks and moves the clock."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final

import asyncpg
import httpx
from litestar import Litestar, MediaType, Request, Response, get
from litestar.di import Provide
from litestar.exceptions import HTTPException

from adapters.payments.sandbox.api import ApiController, ControlController
from adapters.payments.sandbox.bank import Bank
from adapters.payments.sandbox.config import SandboxConfig
from adapters.payments.sandbox.control import ControlPages
from adapters.payments.sandbox.courier import Courier
from adapters.payments.sandbox.errors import ApiRefusal
from adapters.payments.sandbox.pages import CheckoutPages, icon, stylesheet
from adapters.payments.sandbox.provider import Provider
from adapters.payments.sandbox.rows import Rows
from adapters.payments.sandbox.schema import ensure_schema
from adapters.payments.sandbox.trouble import Trouble
from adapters.payments.sandbox.wake import Wake
from adapters.payments.sandbox.wire import ErrorBody, ErrorObject
from adapters.system import SystemClock
from ports.clock import Clock

FORGET_EVERY: Final = 3600
AWAY: Final[tuple[type[Exception], ...]] = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
"""How a database speaks that is gone or comes up; the third of them when it goes between a question and its answer."""
log = logging.getLogger("halaqa.sandbox")


def create_sandbox_app(config: SandboxConfig, clock: Clock | None = None) -> Litestar:
    """Makes its tables when it starts. Several may run on one database."""
    now = clock or SystemClock()
    dsn = config.database_url.replace("postgresql+asyncpg://", "postgresql://", 1)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            pool = await stack.enter_async_context(asyncpg.create_pool(dsn, min_size=1, max_size=8))
            async with pool.acquire() as connection:
                await ensure_schema(connection)
            client = await stack.enter_async_context(
                httpx.AsyncClient(timeout=config.delivery_timeout_s, follow_redirects=False, trust_env=False)
            )
            wake = Wake()
            rows = Rows(config.public_url)
            provider = Provider(pool, rows, Bank(rows, config.delayed_s), now, wake)
            courier = Courier(pool, client, config.endpoints, now, wake, config.retry_base_s)
            app.state.update({"pool": pool, "provider": provider})
            for task in (courier.run(), _tick(provider)):
                stack.push_async_callback(_end, asyncio.create_task(task))
            yield

    app = Litestar(
        route_handlers=[ApiController, ControlController, ControlPages, CheckoutPages, stylesheet, icon, live],
        lifespan=[lifespan],
        dependencies={
            "config": Provide(lambda: config, sync_to_thread=False),
            "provider": Provide(lambda: app.state.provider, sync_to_thread=False),
            "pool": Provide(lambda: app.state.pool, sync_to_thread=False),
        },
        exception_handlers={ApiRefusal: _refused, HTTPException: _bad_request, **dict.fromkeys(AWAY, _away)},
        middleware=[Trouble()],
        openapi_config=None,
        request_max_body_size=256 * 1024,
        logging_config=None,
    )
    app.state.update({"config": config, "clock": now})
    return app


@get("/health/live", media_type=MediaType.TEXT)
async def live() -> str:
    return "ok"


async def _tick(provider: Provider) -> None:
    """The passing of time, once a second."""
    loop = asyncio.get_running_loop()
    forgot = loop.time()
    while True:
        try:
            await provider.settle_due()
            if loop.time() - forgot > FORGET_EVERY:
                await provider.forget()
                forgot = loop.time()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("the sandbox's clock waits for the database: %s", error)
        await asyncio.sleep(1)


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _away(_: Request[Any, Any, Any], error: Exception) -> Response[ErrorObject]:
    """Whoever asks again charges nobody twice: a payment is one transaction."""
    log.warning("the database does not answer: %s", type(error).__name__)
    return Response(
        ErrorObject(error=ErrorBody(type="api_error", code="unavailable", message="Try again shortly.")),
        status_code=503,
        media_type=MediaType.JSON,
        headers={"retry-after": "1"},
    )


def _refused(_: Request[Any, Any, Any], error: ApiRefusal) -> Response[ErrorObject]:
    return Response(ErrorObject(error=error.body), status_code=error.status, media_type=MediaType.JSON)


def _bad_request(_: Request[Any, Any, Any], error: HTTPException) -> Response[ErrorObject]:
    """What Litestar itself refuses: unknown addresses, bodies that do not fit."""
    param, message = None, error.detail
    if isinstance(error.extra, list) and error.extra and isinstance(error.extra[0], dict):
        param, message = error.extra[0].get("key"), error.extra[0].get("message", message)
    body = ErrorBody(type="invalid_request_error", code="invalid_request", message=str(message), param=param)
    return Response(ErrorObject(error=body), status_code=error.status_code, media_type=MediaType.JSON)
