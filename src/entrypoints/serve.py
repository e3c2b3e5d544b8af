"""The four processes of the product, each as a call that returns when it is told to stop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from arq.connections import RedisSettings
from litestar import Litestar

from adapters.payments.sandbox.config import SandboxConfig, WebhookEndpoint
from adapters.payments.sandbox.server import create_sandbox_app
from domain.identity.permission import Audience
from entrypoints import logging
from entrypoints.admin import create_admin
from entrypoints.container import Container
from entrypoints.main import create_main
from entrypoints.settings import Settings
from entrypoints.worker import QUEUES, SWEEPS, build_worker

GRACE_S = 2


def serve_main(settings: Settings) -> None:
    _configure(settings, "main")
    _serve(create_main(settings), settings, settings.main_port)


def serve_admin(settings: Settings) -> None:
    _configure(settings, "admin")
    _serve(create_admin(settings), settings, settings.admin_port)


def serve_sandbox(settings: Settings) -> None:
    _configure(settings, "sandbox")
    _serve(create_sandbox_app(sandbox_config(settings)), settings, settings.sandbox_port)


def sandbox_config(settings: Settings) -> SandboxConfig:
    """Its webhooks go to main on this machine, as a provider's would go to the school's address."""
    return SandboxConfig(
        database_url=settings.database_url.replace("postgresql+asyncpg://", "postgresql://", 1),
        secret_key=settings.sandbox_secret_key,
        public_url=settings.sandbox_url,
        endpoints={
            account: WebhookEndpoint(
                url=f"{settings.main_url}/webhooks/sandbox/{account}", secrets=settings.sandbox_webhook_secrets
            )
            for account in settings.sandbox_accounts
        },
    )


def serve_worker(settings: Settings) -> None:
    _configure(settings, "worker")
    # ARQ takes the current event loop when it is built, and runs it.
    asyncio.set_event_loop(asyncio.new_event_loop())
    container = Container(settings, Audience.ADMIN)
    names = {*QUEUES.values(), *(sweep.name for sweep in SWEEPS)}

    async def stop() -> None:
        await container.http_client().aclose()
        await container.redis().aclose()
        await container.engine().dispose()

    build_worker(
        {name: _job(container.offers[name]) for name in names},
        container.job_board(),
        RedisSettings.from_dsn(settings.redis_url),
        on_startup=_nothing,
        on_shutdown=stop,
    ).run()


def _job(provider: Any) -> Callable[[], Awaitable[int]]:
    async def run() -> int:
        done: int = await provider()()
        return done

    return run


async def _nothing() -> None:
    return None


def _configure(settings: Settings, process: str) -> None:
    logging.configure(process=process, level=settings.log_level, json=settings.production)


def _serve(app: Litestar, settings: Settings, port: int) -> None:
    uvicorn.run(
        app,
        host=settings.host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_S,
    )
