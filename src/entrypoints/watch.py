"""Whoever serves requests looks now and then whether the worker is still there. (OPS-09)"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

EVERY_S: Final = 60.0
log: Final = structlog.get_logger(__name__)


async def keep_watch(watch: Callable[[], Callable[[], Awaitable[int]]], every_s: float = EVERY_S) -> None:
    """Until it is cancelled. Spread, so that several processes do not look at the same moment."""
    while True:
        await asyncio.sleep(every_s * random.uniform(0.7, 1.3))  # noqa: S311 - nobody gains from guessing it
        try:
            await watch()()
        except Exception as error:  # noqa: BLE001 - where the database is away, readiness says so
            log.warning("watch_failed", error=type(error).__name__)
