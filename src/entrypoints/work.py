"""The worker as a process of its own: the jobs of ``entrypoints.worker``, out of the container."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final

from arq.connections import RedisSettings

from adapters.academies import Academies
from domain.identity.permission import Audience
from entrypoints.closing import close_connections
from entrypoints.container import Container
from entrypoints.exposition import Exposition
from entrypoints.settings import Settings
from entrypoints.worker import QUEUES, SWEEPS, build_worker
from ports.academy import FIRST_ACADEMY, within

FOR_ALL: Final = frozenset({"relay_events", "check_access", "forget_changes", "watch_over", "back_up"})
"""Jobs that serve all academies at once: their work says whose it is."""


def work(settings: Settings) -> None:
    """Returns when it is told to stop."""
    # ARQ takes the current event loop when it is built, and runs it.
    asyncio.set_event_loop(asyncio.new_event_loop())
    container = Container(settings, Audience.ADMIN)
    names = {*QUEUES.values(), *(sweep.name for sweep in SWEEPS)}

    told = AsyncExitStack()

    async def begin() -> None:
        await told.enter_async_context(Exposition(settings, "worker", container).left_for_others())

    async def close() -> None:
        await told.aclose()
        await close_connections(container)

    worker = build_worker(
        {name: each_academy(name, container.offers[name], container.academies()) for name in names},
        container.job_board(),
        RedisSettings.from_dsn(settings.redis_url),
        on_startup=begin,
        on_shutdown=close,
    )
    gc.freeze()
    gc.enable()
    worker.run()


def each_academy(name: str, provider: Any, academies: Academies) -> Callable[[], Awaitable[int]]:
    """Once for each academy, within it. One that fails does not keep the others waiting. (ADM-10)"""

    async def run() -> int:
        done, failed = 0, []
        for academy in [FIRST_ACADEMY] if name in FOR_ALL else await academies.ids():
            with within(academy):
                try:
                    done += await provider()()
                except Exception as error:  # noqa: BLE001 - told below, when every academy has had its turn
                    failed.append(error)
        if failed:
            raise failed[0] if len(failed) == 1 else ExceptionGroup(f"{name} failed for some academies", failed)
        return done

    return run
