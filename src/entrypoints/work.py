"""The worker as a process of its own: the jobs of ``entrypoints.worker``, out of the container."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

from arq.connections import RedisSettings

from domain.identity.permission import Audience
from entrypoints.container import Container
from entrypoints.settings import Settings
from entrypoints.worker import QUEUES, SWEEPS, build_worker


def work(settings: Settings) -> None:
    """Returns when it is told to stop."""
    # ARQ takes the current event loop when it is built, and runs it.
    asyncio.set_event_loop(asyncio.new_event_loop())
    container = Container(settings, Audience.ADMIN)
    names = {*QUEUES.values(), *(sweep.name for sweep in SWEEPS)}

    async def close() -> None:
        await container.http_client().aclose()
        await container.redis().aclose()
        await container.engine().dispose()

    worker = build_worker(
        {name: _job(container.offers[name]) for name in names},
        container.job_board(),
        RedisSettings.from_dsn(settings.redis_url),
        on_startup=_nothing,
        on_shutdown=close,
    )
    gc.freeze()
    gc.enable()
    worker.run()


def _job(provider: Any) -> Callable[[], Awaitable[int]]:
    async def run() -> int:
        done: int = await provider()()
        return done

    return run


async def _nothing() -> None:
    return None
