"""The sandbox provider as a process of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
from litestar import Litestar

from adapters.payments.sandbox.config import SandboxConfig, WebhookEndpoint
from adapters.payments.sandbox.server import create_sandbox_app
from entrypoints.settings import Settings


def create_sandbox(settings: Settings) -> Litestar:
    return create_sandbox_app(sandbox_config(settings))


def sandbox_config(settings: Settings) -> SandboxConfig:
    """Its webhooks go to main's address, as any provider's would."""
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


@asynccontextmanager
async def in_process_provider(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The provider without its process, for commands that run while nothing else does."""
    app = create_sandbox(settings)
    transport = httpx.ASGITransport(cast(Any, app))
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=transport, base_url=settings.sandbox_url, timeout=60) as client,
    ):
        yield client
